/** Consume, transform, produce, in transactions of a real client, and what is told to the history about it. */
import { FindCoordinator, OffsetFetch } from '../../../protocol/apis/index.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Random } from '../../../src/platform/random.ts';
import { Reader } from '../../transactions/clients.ts';
import { outputValue, type History } from '../../transactions/history.ts';
import type { TestedBrokers } from './tested-brokers.ts';

export const OUTPUT_PARTITIONS = 2;

/** Of a client: one instance of a producer with a transactional id. Everything it refuses is thrown. */
export interface TransactionalProducer {
  begin(): Promise<OpenTransaction>;
  close(): Promise<unknown>;
}

export interface OpenTransaction {
  send(partition: number, values: readonly string[]): Promise<unknown>;
  /** The group has read the input up to there. */
  sendOffset(offset: number): Promise<unknown>;
  commit(): Promise<unknown>;
  abort(): Promise<unknown>;
}

/** Where a chain reads and writes; every chain has its own. */
export interface Places {
  readonly bootstrap: string;
  readonly input: string;
  readonly output: string;
  readonly groupId: string;
  readonly transactionalId: string;
}

export interface ChainOptions {
  readonly broker: TestedBrokers;
  readonly history: History;
  readonly random: Random;
  readonly places: Places;
  open(places: Places): Promise<TransactionalProducer>;
  /** Where the input ends, once nothing is written to it any more and all of it is committed; Infinity before. */
  inputEnd(): number;
  /** So many values were copied, for good. */
  copied(count: number): void;
  /** An instance has, and another takes its place. */
  failed(error: unknown): void;
  /** Whether nobody waits any longer. */
  isOver(): boolean;
}

const MOST_VALUES = 5;
const TRANSACTIONS_PER_INSTANCE = 40;

/** Copies until all is copied. Where an instance fails, another takes its place. */
export async function copyAll(options: ChainOptions): Promise<void> {
  for (let instance = 0; !options.isOver(); instance++) {
    let producer: TransactionalProducer | null = null;
    try {
      producer = await options.open(options.places);
      if (await copy(options, producer, `i${instance}`)) return;
    } catch (error) {
      options.failed(error);
      await new Promise((resolve) => setTimeout(resolve, 50)); // the broker was killed, or this instance was fenced
    } finally {
      await producer?.close().catch(() => {});
    }
  }
}

/** True when all is copied. */
async function copy(options: ChainOptions, producer: TransactionalProducer, name: string): Promise<boolean> {
  const { history, random } = options;
  let source = await sourceOf(options);
  for (let serial = 0; serial < TRANSACTIONS_PER_INSTANCE && !options.isOver();) {
    const isMore = source.values.length > 0 || (await source.poll());
    if (source.values.length === 0) {
      // A leader that has just been elected may not know yet how far all is committed: that it has no more is not the end.
      if (!isMore && source.position >= options.inputEnd()) return true;
      continue;
    }
    const tag = `${name}.${serial++}`;
    const count = Math.min(source.values.length, 1 + Math.floor(random.float() * MOST_VALUES));
    const values = source.values.splice(0, count);
    const [last] = source.offsets.splice(0, count).slice(-1);
    history.began(tag);
    try {
      const transaction = await producer.begin();
      for (let index = 0; index < OUTPUT_PARTITIONS; index++) {
        const own = values.filter((_, at) => at % OUTPUT_PARTITIONS === index);
        await transaction.send(
          index,
          own.length > 0 ? own.map((value) => outputValue(tag, value)) : [outputValue(tag, '')],
        );
      }
      await transaction.sendOffset(last + 1);
      const committed = random.float() >= 0.25;
      history.asked(tag, committed);
      await (committed ? transaction.commit() : transaction.abort());
      history.ended(tag, committed);
      if (committed) options.copied(count);
      if (!committed) source = await sourceOf(options);
    } catch (error) {
      history.abandoned(tag);
      throw error;
    }
  }
  return false;
}

/** The input from where the group is. */
async function sourceOf({ broker, history, places: { groupId, input } }: ChainOptions): Promise<Reader> {
  const source = new Reader(broker, history, input, 0);
  for (;;) {
    await broker.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [groupId] });
    const { groups } = await broker.send(OffsetFetch, 8, {
      groups: [{ groupId, topics: [{ name: input, partitionIndexes: [0] }] }],
      requireStable: true,
    });
    const [found] = groups[0].topics[0]?.partitions ?? [];
    if (groups[0].errorCode === ErrorCode.NONE && found.errorCode === ErrorCode.NONE) {
      source.position = Math.max(0, found.committedOffset);
      return source;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
