/** What the simulation of groups and its members know of each other. */
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';

export const GROUP = 'g';
export const TOPIC = 'sim';
export const BEAT_MS = 5000;
/** What a member is of, for the world. */
export interface SimulatedMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly connectionId: number;
  readonly epoch: number;
  readonly owned: ReadonlySet<number>;
  readonly isIn: boolean;
  /** What it read up to, by partition. */
  readonly positions: Map<number, number>;
  /** Silent until then: garbage collection, or a laptop that sleeps. */
  pausedUntilMs: number;
  tick(): Promise<void>;
  leave(): Promise<void>;
}

export interface Committing {
  name: string;
  partitions: { partitionIndex: number; committedOffset: number; committedMetadata: string }[];
}
export interface CommitAnswer {
  readonly topics: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[];
}

/** What members do in the world. */
export interface SimulatedWorld {
  readonly nowMs: number;
  readonly partitions: number;
  readonly topicId: string;
  rebalances: number;
  fenced: number;
  chance(of: number): boolean;
  claim(member: SimulatedMember, partitions: Iterable<number>): void;
  commit(
    member: SimulatedMember,
    partitions: readonly number[],
    send: (topics: Committing[]) => Promise<CommitAnswer>,
  ): Promise<number>;
  expectOneOf(errorCode: number, expected: readonly number[]): void;
  fetch(partition: number): Promise<number>;
  send<Req extends Fields, Res extends Fields>(
    table: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    connectionId: number,
  ): Promise<Values<Res>>;
}
