/** The brokers that chains of clients work on: one alone, or a cluster. They are killed again and again. */
import type { Api, Draft, Fields, Values } from '../../../protocol/schema.ts';
import type { Random } from '../../../src/platform/random.ts';

export interface TestedBrokers {
  /** As clients are given it: separated by commas. */
  readonly bootstrap: string;
  /** Of each topic. */
  readonly replicas: number;
  /** Asks the broker that it is for, until it answers. */
  send<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, draft: Draft<Q>): Promise<Values<S>>;
  /** SIGKILL; resolves when all are there again, with what was done. */
  killOne(random: Random): Promise<string>;
  /** Ends them for good; the files stay where `keep` says so, and it is told where. */
  remove(keep: boolean): Promise<string>;
}
