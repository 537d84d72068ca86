/** Puts together what was set by flags, environment and file, and says what is wrong with it. */
import { ConfigError } from './definition.ts';
import { nearest } from './did-you-mean.ts';
import { effectOf, type Effect } from './effects.ts';
import { definitionOf } from './layers.ts';
import { serverKeys } from './server.ts';

export interface Sources {
  /** `--set key=value`, which comes before all. */
  readonly set?: ReadonlyMap<string, string>;
  readonly environment?: ReadonlyMap<string, string>;
  readonly file?: ReadonlyMap<string, string>;
  /** `--strict`: a key that does not exist is refused wherever it stands. */
  readonly strict?: boolean;
}

export interface Settings {
  /** The broker's static configuration: what was given, and the keys that Kafka requires. */
  readonly values: ReadonlyMap<string, string>;
  /** One line each. */
  readonly warnings: readonly string[];
}

/**
 * What Kafka's own quick starts and compose files set where Kafka's default is for clusters with many consumers: a first
 * consumer would wait three seconds for others. (Replicas of internal topics are no more than there are brokers anyway.)
 */
const QUICK_START: ReadonlyMap<string, string> = new Map([['group.initial.rebalance.delay.ms', '0']]);

/**
 * Flags over environment over file. A key that does not exist is refused as a flag. The environment and files hold keys
 * of others too (Kubernetes sets KAFKA_PORT, plugins have their own): these are warned of and kept. Throws ConfigError.
 */
export function combineSettings({ set, environment, file, strict = false }: Sources): Settings {
  for (const key of strangersIn(set)) throw new ConfigError(`unknown configuration '${key}'${hint(key)}`);
  const warnings: string[] = [];
  for (const [place, given] of [
    ['in the environment', environment],
    ['in the file', file],
  ] as const) {
    for (const key of strangersIn(given)) {
      const what = `unknown configuration '${key}' ${place}`;
      if (strict) throw new ConfigError(`${what}${hint(key)}`);
      warnings.push(`${what} is ignored${hint(key)}`);
    }
  }
  const values = new Map([...(file ?? []), ...(environment ?? []), ...(set ?? [])]);
  for (const warning of withoutEffect(values)) warnings.push(warning);
  // Two names of one thing: whichever is given, both are set.
  const nodeId = values.get('node.id') ?? values.get('broker.id') ?? serverKeys['node.id'].defaultText!;
  if (values.has('broker.id') && values.get('broker.id') !== nodeId) {
    throw new ConfigError(`node.id is ${nodeId} and broker.id is ${values.get('broker.id')}: remove broker.id`);
  }
  values.set('node.id', nodeId).set('broker.id', nodeId);
  for (const key of ['process.roles', 'controller.listener.names'] as const) {
    if (!values.has(key)) values.set(key, serverKeys[key].defaultText!);
  }
  for (const [key, text] of QUICK_START) if (!values.has(key)) values.set(key, text);
  return { values, warnings };
}

function strangersIn(given: ReadonlyMap<string, string> | undefined): string[] {
  return [...(given?.keys() ?? [])].filter((key) => !isKnown(key));
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

/** One line for all keys that are set to something and change nothing, and one for those that will one day. */
export function withoutEffect(values: ReadonlyMap<string, string>): string[] {
  const idle = (effect: Effect): string[] =>
    [...values]
      .filter(([key, text]) => isKnown(key) && effectOfSetting(key) === effect && !isDefault(key, text))
      .map(([key]) => key)
      .sort();
  const [never, later] = [idle('no'), idle('not yet')];
  const why = 'docs/configuration.md says of each key whether it acts';
  return [
    ...(never.length > 0 ? [`accepted without effect on a broker that is alone: ${never.join(', ')}; ${why}`] : []),
    ...(later.length > 0 ? [`accepted, and without effect in this version: ${later.join(', ')}; ${why}`] : []),
  ];
}

function effectOfSetting(key: string): Effect {
  return key.startsWith('zookeeper.') || FORMER_KEYS.has(key) ? 'no' : effectOf(key);
}

function isDefault(key: string, text: string): boolean {
  const row = definitionOf(key);
  return row !== undefined && row.defaultText === text.trim();
}

function hint(key: string): string {
  const near = nearest(key, Object.keys(serverKeys), Math.min(4, Math.ceil(key.length / 4)));
  return near === null ? '' : `: did you mean '${near}'?`;
}
