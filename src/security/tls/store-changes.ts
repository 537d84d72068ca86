/**
 * Whether the stores of a listener may be changed while the broker runs, as Kafka's SslFactory decides it: the new ones are tried
 * before they are used, the broker stays who it is, and no store comes or goes.
 */
import type { X509Certificate } from 'node:crypto';
import { ConfigError } from '../../config/definition.ts';
import { ListenerSettings } from '../../config/listener-settings.ts';
import type { BrokerLayers } from '../../config/layers.ts';
import { subjectOf } from './distinguished-name.ts';
import type { KeyMaterial } from './stores.ts';

/** What a listener serves with. */
export interface LoadedStores {
  readonly material: KeyMaterial;
  /** PEM; null: there is no trust store. */
  readonly trusted: readonly string[] | null;
}

/** A listener of this broker that has stores. */
export interface StoresInUse {
  /** By which settings of its own are named. */
  readonly listener: string;
  /** What they are now. */
  readonly loaded: LoadedStores;
  /** Of the settings that name its stores. */
  readonly fingerprint: string;
  /** Without `material`: there is no key store. Rejects with a ConfigError for stores, versions or ciphers that cannot be used. */
  tried(settings: ListenerSettings): Promise<{ readonly stores: Partial<LoadedStores>; readonly fingerprint: string }>;
  /** Reads the files again. Rejects as `tried` does. */
  reload(): Promise<unknown>;
}

const OF_LISTENER = /^listener\.name\.([^.]+)\.ssl\./;
const FAILED =
  'Validation of dynamic config update of SSLFactory failed: org.apache.kafka.common.config.ConfigException: ';

export class StoreChanges {
  readonly #listeners = new Map<string, StoresInUse>();

  add(stores: StoresInUse): void {
    this.#listeners.set(stores.listener.toLowerCase(), stores);
  }

  /** Whether settings of these names are about a listener's stores. */
  concern(names: Iterable<string>): boolean {
    return [...this.#named(names)].length > 0;
  }

  /**
   * Why the settings of the broker may not be those of `layers`; null: they may. Files that are named as before are read again then,
   * unless it is only asked.
   */
  async faultOf(layers: BrokerLayers, names: Iterable<string>, isOnlyAsked: boolean): Promise<string | null> {
    const rewritten: StoresInUse[] = [];
    try {
      for (const stores of this.#named(names)) {
        const settings = new ListenerSettings(() => layers, stores.listener);
        const { stores: next, fingerprint } = await stores.tried(settings);
        const fault = changeFault(stores.loaded, next, settings);
        if (fault !== null) return `${FAILED}${fault}`;
        if (!isOnlyAsked && fingerprint === stores.fingerprint) rewritten.push(stores);
      }
      for (const stores of rewritten) await stores.reload(); // once no listener has refused
      return null;
    } catch (error) {
      if (error instanceof ConfigError) return `${FAILED}${error.message}`;
      throw error;
    }
  }

  *#named(names: Iterable<string>): Generator<StoresInUse, void, void> {
    const listeners = new Set<string>();
    for (const name of names) {
      const listener = OF_LISTENER.exec(name)?.[1];
      if (listener !== undefined) listeners.add(listener.toLowerCase());
    }
    for (const listener of listeners) {
      const stores = this.#listeners.get(listener);
      if (stores !== undefined) yield stores;
    }
  }
}

function changeFault(
  { material: old, trusted }: LoadedStores,
  next: Partial<LoadedStores>,
  settings: ListenerSettings,
): string | null {
  const { material } = next;
  if (material === undefined) {
    return 'Cannot remove the SSL keystore from an existing listener for which a keystore was configured.';
  }
  if (!settings.value('ssl.allow.dn.changes')) {
    const [before, after] = [old, material].map(({ certificate }) => subjectOf(certificate.raw));
    if (before !== after) {
      return (
        'Keystore DistinguishedName does not match:  ' +
        `existing={alias=${old.alias}, DN=${before}}, new={alias=${material.alias}, DN=${after}}`
      );
    }
  }
  if (!settings.value('ssl.allow.san.changes')) {
    const [before, after] = [old, material].map(({ certificate }) => namesOf(certificate));
    const known = new Set(after);
    if (!before.every((name) => known.has(name))) {
      return (
        'Keystore SubjectAltNames do not match:  ' +
        `existing={alias=${old.alias}, SAN=[${before.join(', ')}]}, new={alias=${material.alias}, SAN=[${after.join(', ')}]}`
      );
    }
  }
  if (trusted !== null || (next.trusted ?? null) === null) return null;
  return 'Cannot add SSL truststore to an existing listener for which no truststore was configured.';
}

/** As X.509 numbers the kinds of alternative names. */
const KINDS: readonly (readonly [prefix: string, kind: number])[] = [
  ['email:', 1],
  ['DNS:', 2],
  ['URI:', 6],
  ['IP Address:', 7],
];

/** As Java writes them: [2, localhost]. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName.split(', ').flatMap((entry) => {
    const found = KINDS.find(([prefix]) => entry.startsWith(prefix));
    return found === undefined ? [] : [`[${found[1]}, ${entry.slice(found[0].length)}]`];
  });
}
