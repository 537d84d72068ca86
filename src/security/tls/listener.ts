/** What a listener of TLS serves with: the context of its handshakes, made anew when its stores change, and its clients' names. */
import { ConfigError } from '../../config/definition.ts';
import type { ListenerSettings } from '../../config/listener-settings.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type * as tls from '../../platform/tls-network.ts';
import { ANONYMOUS, user, type Principal } from '../principal.ts';
import { subjectOf } from './distinguished-name.ts';
import type { ShownCertificate } from './handshakes.ts';
import { PrincipalMapping } from './principal-mapping.ts';
import { tlsVersions, type TlsVersions } from './settings.ts';
import type { LoadedStores, StoresInUse } from './store-changes.ts';
import { readKeyMaterial, readTrust, type StoreKey, type StoreReader } from './stores.ts';
import { anchors } from './trust.ts';

export interface TlsNeeds {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly readFile: StoreReader['readFile'];
}

type ClientAuth = 'none' | 'requested' | 'required';

const STORE_KEYS: readonly StoreKey[] = [
  ...(['type', 'location', 'password', 'key', 'certificate.chain'] as const).map(
    (part) => `ssl.keystore.${part}` as const,
  ),
  'ssl.key.password',
  ...(['type', 'location', 'password', 'certificates'] as const).map((part) => `ssl.truststore.${part}` as const),
];

interface Loaded extends LoadedStores {
  readonly versions: TlsVersions;
  readonly clientAuth: ClientAuth;
  /** Of all that. */
  readonly content: string;
}

function fingerprintOf(settings: ListenerSettings): string {
  return JSON.stringify([...STORE_KEYS, ...VERSION_KEYS, 'ssl.client.auth' as const].map((key) => settings.text(key)));
}

const VERSION_KEYS = ['ssl.enabled.protocols', 'ssl.protocol', 'ssl.cipher.suites'] as const;

const SESSION_SECONDS = 300;
const TICKET_KEY_BYTES = 48;
/** OpenSSL's SSL_OP_NO_RENEGOTIATION. */
const NO_RENEGOTIATION = 0x40000000;
const SESSION_ID_CONTEXT = 'ottla';

export class TlsListener implements StoresInUse {
  readonly #settings: ListenerSettings;
  /** The client's name is SASL's. */
  readonly #isSasl: boolean;
  readonly #needs: TlsNeeds;
  readonly #library: typeof tls;
  readonly #mapping: PrincipalMapping;
  #context!: tls.SecureContext;
  #loaded!: Loaded;

  private constructor(settings: ListenerSettings, isSasl: boolean, needs: TlsNeeds, library: typeof tls) {
    this.#settings = settings;
    this.#isSasl = isSasl;
    this.#needs = needs;
    this.#library = library;
    this.#mapping = new PrincipalMapping(settings.text('ssl.principal.mapping.rules') ?? 'DEFAULT');
  }

  /** `isSasl`: the client's name is SASL's, and ssl.client.auth counts only where it is set for the listener itself, as in Kafka. */
  static async open(
    settings: ListenerSettings,
    isSasl: boolean,
    needs: TlsNeeds,
    library: typeof tls,
  ): Promise<TlsListener> {
    const wanted = settings.value('ssl.client.auth');
    const listener = new TlsListener(settings, isSasl, needs, library);
    await listener.reload();
    if (listener.clientAuth !== wanted) {
      const message = `ssl.client.auth=${wanted} counts on a listener with SASL only as ${settings.nameOf('ssl.client.auth')}`;
      needs.logger.warn('configuration', { message });
    }
    return listener;
  }

  /** Of handshakes from now on. */
  get clientAuth(): ClientAuth {
    return this.#loaded.clientAuth;
  }

  get context(): tls.SecureContext {
    return this.#context;
  }

  get listener(): string {
    return this.#settings.listener;
  }

  /** What it serves with. */
  get loaded(): LoadedStores {
    return this.#loaded;
  }

  get fingerprint(): string {
    return fingerprintOf(this.#settings);
  }

  /**
   * Reads the stores again; connections that are open stay. Answers whether anything is new: then no session of before is resumed.
   * @throws {ConfigError} and rejects with it: then the old ones serve on
   */
  async reload(): Promise<boolean> {
    const settings = this.#settings;
    const loaded = await this.#load(settings);
    if (loaded === null) {
      throw new ConfigError(
        `listener ${settings.listener} speaks TLS and has no certificate: set ${settings.nameOf('ssl.keystore.location')}, ` +
          `or ${settings.nameOf('ssl.keystore.key')} and ${settings.nameOf('ssl.keystore.certificate.chain')}`,
      );
    }
    if ((this.#loaded as Loaded | undefined)?.content === loaded.content) return false;
    this.#context = this.#contextOf(loaded);
    this.#loaded = loaded;
    return true;
  }

  /** What it would serve with by other settings, tried as far as it can be. */
  async tried(settings: ListenerSettings): Promise<{ stores: Partial<LoadedStores>; fingerprint: string }> {
    const loaded = await this.#load(settings);
    if (loaded !== null) this.#contextOf(loaded);
    return { stores: loaded ?? {}, fingerprint: fingerprintOf(settings) };
  }

  /** The same with another certificate: for tests. */
  contextWith({ certificate, key }: ShownCertificate): tls.SecureContext {
    return this.#contextOf(this.#loaded, { key, chain: certificate });
  }

  /** Null: there is no key store. */
  async #load(settings: ListenerSettings): Promise<Loaded | null> {
    const { clock, logger, readFile } = this.#needs;
    const reader: StoreReader = {
      readFile,
      now: () => clock.now(),
      warn: (message) => logger.warn('configuration', { message }),
    };
    const material = await readKeyMaterial(settings, reader);
    if (material === null) return null;
    const trusted = await readTrust(settings, reader);
    const versions = tlsVersions(settings, this.#library.getCiphers());
    const clientAuth = this.#clientAuthOf(settings);
    const content = JSON.stringify([material.key, material.chain, trusted, versions, clientAuth]);
    return { material, trusted, versions, clientAuth, content };
  }

  #clientAuthOf(settings: ListenerSettings): ClientAuth {
    const counts = !this.#isSasl || settings.own('ssl.client.auth') !== null;
    return counts ? (settings.value('ssl.client.auth') as ClientAuth) : 'none';
  }

  #contextOf({ material, trusted, versions }: Loaded, shown?: { key: string; chain: string }): tls.SecureContext {
    const { minVersion, maxVersion, ciphers } = versions;
    const ticketKeys = Buffer.alloc(TICKET_KEY_BYTES);
    this.#needs.random.fill(ticketKeys); // those of before are void
    try {
      return this.#library.createSecureContext({
        key: shown?.key ?? material.key,
        cert: shown?.chain ?? material.chain.join(''),
        ...(trusted === null ? {} : anchors(trusted)),
        minVersion,
        maxVersion,
        ...(ciphers === undefined ? {} : { ciphers }),
        honorCipherOrder: true,
        secureOptions: NO_RENEGOTIATION,
        sessionIdContext: SESSION_ID_CONTEXT,
        sessionTimeout: SESSION_SECONDS,
        ticketKeys,
      });
    } catch (error) {
      throw new ConfigError(`listener ${this.listener} cannot speak TLS as it is set up: ${(error as Error).message}`);
    }
  }

  /** Who a client is by the certificate that it has shown; a text says why it is nobody that is let in. */
  principalOf(certificate: { readonly raw: Uint8Array; readonly validTo: string } | null): Principal | string {
    if (certificate === null) return ANONYMOUS;
    if (Date.parse(certificate.validTo) <= this.#needs.clock.now()) {
      return `its certificate has expired on ${certificate.validTo}`;
    }
    let subject: string;
    try {
      subject = subjectOf(certificate.raw);
    } catch (error) {
      return `its certificate's subject cannot be read (${(error as Error).message})`;
    }
    const name = this.#mapping.nameOf(subject);
    return name === null
      ? `no rule of ssl.principal.mapping.rules applies to its certificate's subject ${subject}`
      : user(name);
  }
}
