/** What is known of one transactional id: the facts its record in __transaction_state keeps, and one that only memory has. */
import type { TopicPartition } from '../coordination/topic-partition.ts';

/** By the number in the record. */
export const STATES = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const;

export type TransactionState = (typeof STATES)[number];

/** Partition indexes by topic. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>;

/** Never changed: each step makes the next one. */
export interface Transaction {
  readonly transactionalId: string;
  readonly state: TransactionState;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The id before this one, where it ran out of epochs: a client that missed the change still goes by it. */
  readonly previousProducerId: number;
  /** The id that follows once the transaction has ended, where this one has run out of epochs; -1 otherwise. */
  readonly nextProducerId: number;
  /** The epoch before the last bump, so that a repeated request is known as such; -1 after a restart. Not in the record. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly partitions: TransactionPartitions;
  /** Milliseconds since 1970; -1 where no transaction began since InitProducerId. */
  readonly startMs: number;
  readonly lastUpdateMs: number;
  /** 2 where the epoch rises with each transaction (KIP-890), 0 for clients that do not know of it. */
  readonly clientVersion: number;
}

export const NO_PRODUCER_ID = -1;
export const NO_EPOCH = -1;
export const NO_PARTITIONS: TransactionPartitions = new Map();
/** The version of transactions in which the epoch rises with each. */
export const EPOCH_BUMP_VERSION = 2;
/** With this epoch a producer id is used up: the one above fences, and is never given to a client. */
export const LAST_EPOCH = 0x7fff - 1;

export function isExhausted({ producerEpoch }: Transaction): boolean {
  return producerEpoch >= LAST_EPOCH;
}

/** Its outcome stands in the log, and its markers have to be written. */
export function isPrepared({ state }: Transaction): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort';
}

export function includes(partitions: TransactionPartitions, { topic, partition }: TopicPartition): boolean {
  return partitions.get(topic)?.has(partition) ?? false;
}

export function withPartitions(
  partitions: TransactionPartitions,
  more: readonly TopicPartition[],
): TransactionPartitions {
  const all = new Map(partitions);
  for (const { topic, partition } of more) all.set(topic, new Set(all.get(topic)).add(partition));
  return all;
}

export function* partitionsOf(partitions: TransactionPartitions): Generator<TopicPartition, void, void> {
  for (const [topic, indexes] of partitions) for (const partition of indexes) yield { topic, partition };
}
