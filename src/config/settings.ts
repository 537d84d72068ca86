/** Puts together what was set by flags, environment and file, and says what is wrong with it. */
import { ConfigError } from './definition.ts';
import { serverKeys } from './server.ts';

export interface Sources {
  /** `--set key=value`, which comes before all. */
  readonly set?: ReadonlyMap<string, string>;
  readonly environment?: ReadonlyMap<string, string>;
  readonly file?: ReadonlyMap<string, string>;
}

export interface Settings {
  /** The broker's static configuration: what was given, and the keys that Kafka requires. */
  readonly values: ReadonlyMap<string, string>;
  /** One line each. */
  readonly warnings: readonly string[];
}

/**
 * Flags over environment over file. A key that does not exist is refused in a flag, and mentioned otherwise:
 * Kafka too ignores it in server.properties. Throws ConfigError.
 */
export function combineSettings({ set, environment, file }: Sources): Settings {
  for (const key of set?.keys() ?? []) {
    if (!isKnown(key)) throw new ConfigError(`unknown configuration '${key}'${hint(key)}`);
  }
  const values = new Map([...(file ?? []), ...(environment ?? []), ...(set ?? [])]);
  const keys = [...values.keys()];
  const warnings = keys
    .filter((key) => !isKnown(key))
    .map((key) => `unknown configuration '${key}' is ignored${hint(key)}`);
  const elsewhere = keys.filter(isOfOtherCluster).sort();
  if (elsewhere.length > 0) {
    warnings.push(
      'accepted without effect, since Ottla needs no controller quorum and no ZooKeeper: ' + elsewhere.join(', '),
    );
  }
  // Two names of one thing: whichever is given, both are set.
  const nodeId = values.get('node.id') ?? values.get('broker.id') ?? serverKeys['node.id'].defaultText!;
  if (values.has('broker.id') && values.get('broker.id') !== nodeId) {
    throw new ConfigError(`node.id is ${nodeId} and broker.id is ${values.get('broker.id')}: remove broker.id`);
  }
  values.set('node.id', nodeId).set('broker.id', nodeId);
  for (const key of ['process.roles', 'controller.listener.names'] as const) {
    if (!values.has(key)) values.set(key, serverKeys[key].defaultText!);
  }
  return { values, warnings };
}

/** Keys that Kafka has had, or has for plugins, and that no table lists. */
const OTHER_KEYS = /^(zookeeper\.|listener\.name\.[^.]+\.|rlmm\.config\.|rsm\.config\.)/;
const FORMER_KEYS: ReadonlySet<string> = new Set([
  'inter.broker.protocol.version',
  'log.message.format.version',
  'control.plane.listener.name',
  'broker.id.generation.enable',
  'reserved.broker.max.id',
  'log.message.timestamp.difference.max.ms',
  'log.message.downconversion.enable',
  'offsets.commit.required.acks',
  'num.proxies',
]);

function isKnown(key: string): boolean {
  return Object.hasOwn(serverKeys, key) || OTHER_KEYS.test(key) || FORMER_KEYS.has(key);
}

function isOfOtherCluster(key: string): boolean {
  return (
    key === 'process.roles' ||
    key.startsWith('controller.quorum.') ||
    key.startsWith('zookeeper.') ||
    FORMER_KEYS.has(key)
  );
}

/** The nearest key that exists, when one is near enough to have been meant. */
function hint(key: string): string {
  let nearest: string | undefined;
  let least = Math.min(4, Math.ceil(key.length / 4)) + 1;
  for (const candidate of Object.keys(serverKeys)) {
    if (Math.abs(candidate.length - key.length) >= least) continue;
    const distance = editDistance(key, candidate);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest === undefined ? '' : `: did you mean '${nearest}'?`;
}

/** How many letters must be added, dropped or changed to make one text of the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const changed = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}
