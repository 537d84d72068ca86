/** A broker's settings lie in layers: its own dynamic ones over the cluster's over the static ones over defaults. */
import type { Definition } from './definition.ts';
import { serverConfig, serverKeys } from './server.ts';
import type { ServerConfig } from './server.ts';

export interface BrokerLayers {
  /** Set dynamically for this broker. */
  readonly broker: ReadonlyMap<string, string>;
  /** Set dynamically for all brokers of the cluster. */
  readonly cluster: ReadonlyMap<string, string>;
  /** Given at start. */
  readonly static: ReadonlyMap<string, string>;
}

/** What the broker runs with once its layers are laid over each other. Throws ConfigError. */
export function effectiveConfig(layers: BrokerLayers): ServerConfig {
  const known = effective.get(layers);
  if (known !== undefined) return known;
  const config = serverConfig(layers.static, layers.cluster, layers.broker);
  effective.set(layers, config);
  return config;
}

/** Layers never change, and each topic that is described asks for them. */
const effective = new WeakMap<BrokerLayers, ServerConfig>();

/** The text that is in force for a key, or null. */
export function effectiveText(layers: BrokerLayers, key: string): string | null {
  return layers.broker.get(key) ?? layers.cluster.get(key) ?? layers.static.get(key) ?? defaultText(key);
}

export function defaultText(key: string): string | null {
  return definitionOf(key)?.defaultText ?? null;
}

/** A broker key's row; for `listener.name.<listener>.<key>` that of the key behind the prefix. */
export function definitionOf(key: string): Definition | undefined {
  if (Object.hasOwn(serverKeys, key)) return serverKeys[key as keyof typeof serverKeys];
  const base = baseOf(key);
  if (base === undefined || !Object.hasOwn(serverKeys, base)) return undefined;
  return serverKeys[base as keyof typeof serverKeys];
}

const SPELLINGS: readonly (readonly string[])[] = [
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
];

/** The keys that may hold a broker key's value, the one that comes first in front. */
export function spellingsOf(key: string): readonly string[] {
  if (key === 'log.flush.interval.ms') return [key, 'log.flush.scheduler.interval.ms'];
  const group = SPELLINGS.find((spellings) => spellings.includes(key));
  if (group !== undefined) return group;
  const base = baseOf(key);
  return base === undefined ? [key] : [key, base];
}

/** `listener.name.internal.ssl.protocol` falls back to `ssl.protocol`; SASL keys may name a mechanism too. */
function baseOf(key: string): string | undefined {
  const rest = /^listener\.name\.[^.]+\.(.+)$/.exec(key)?.[1];
  if (rest === undefined) return undefined;
  const withoutMechanism = rest.replace(/^[^.]+\.(?=sasl\.)/, '');
  return Object.hasOwn(serverKeys, withoutMechanism) ? withoutMechanism : rest;
}
