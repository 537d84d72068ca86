/** What a broker elsewhere tells of itself, and which options may be given to it. */
import type { KeysOf } from '../testing/known-keys.ts';
import type { ForkOptions, ReadOptions } from '../testing/test-broker.ts';

/** What the control port tells of its broker. */
export interface BrokerJson {
  readonly bootstrapServers: string;
  readonly clusterId: string;
  readonly nodes: number;
  readonly listeners: readonly { readonly host: string; readonly port: number }[];
}

export const FORK: KeysOf<ForkOptions> = {
  groups: true,
  minIsr: true,
  topics: true,
  settings: true,
  maxFetchWait: true,
  port: true,
  controlPort: true,
  clock: true,
  now: true,
  leftovers: true,
  logLevel: true,
};
export const READ: KeysOf<ReadOptions> = { partition: true, isolation: true, from: true, limit: true, newest: true };
