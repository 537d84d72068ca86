/** Every broker key: one table of all themes. */
import { valuesOf } from './definition.ts';
import type { ValuesOf } from './definition.ts';
import { ottlaKeys } from './ottla.ts';
import { clusterKeys } from './server-cluster.ts';
import { groupCoordinatorKeys } from './server-groups.ts';
import { logKeys } from './server-log.ts';
import { networkKeys } from './server-network.ts';
import { remoteStorageKeys } from './server-remote.ts';
import { replicationKeys } from './server-replication.ts';
import { saslKeys } from './server-sasl.ts';
import { securityKeys } from './server-security.ts';
import { shareGroupKeys } from './server-share-groups.ts';
import { transactionKeys } from './server-transactions.ts';

/** Kafka's keys and those of Ottla (`ottla.…`). */
export const serverKeys = {
  ...clusterKeys,
  ...groupCoordinatorKeys,
  ...logKeys,
  ...networkKeys,
  ...remoteStorageKeys,
  ...replicationKeys,
  ...saslKeys,
  ...securityKeys,
  ...shareGroupKeys,
  ...transactionKeys,
  ...ottlaKeys,
} as const;

export type ServerKey = keyof typeof serverKeys;

/** What the broker runs with: every key's value, of its own type (`config['message.max.bytes']` is a number). */
export type ServerConfig = ValuesOf<typeof serverKeys>;

/**
 * Reads layers of texts into values. Later layers win: give the static settings, then the dynamic ones of the
 * cluster, then those of this broker. Keys outside the table are passed over. Throws ConfigError.
 */
export function serverConfig(...layers: readonly ReadonlyMap<string, string>[]): ServerConfig {
  return valuesOf(serverKeys, new Map(layers.flatMap((layer) => [...layer])));
}
