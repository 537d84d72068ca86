/** Clients of the simulation: they do what Kafka's own do, retries and all, and tell the history what they were told. */
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  EndTxn,
  Fetch,
  InitProducerId,
  OffsetFetch,
  Produce,
  TxnOffsetCommit,
} from '../../protocol/apis/index.ts';
import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { readEndTxnMarker } from '../../protocol/records/control.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { FaultyBroker } from './faulty-broker.ts';
import { Lost } from './faulty-broker.ts';
import { outputValue, type History } from './history.ts';

export const INPUT = 'input';
export const OUTPUT = 'output';
export const OUTPUT_PARTITIONS = 2;
const GROUP = 'chain';
const TIMEOUT_MS = 60_000;
const TIMESTAMP = 1_000_000;

/** Errors after which every client asks the same again. */
const RETRIABLE = new Set<number>([
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
  ErrorCode.KAFKA_STORAGE_ERROR,
  // Where brokers are several.
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.REQUEST_TIMED_OUT,
]);

/** Whoever answers requests, or rejects with Lost. */
export type Asked = Pick<FaultyBroker, 'send'>;

/** This instance of a client cannot go on; another takes its place. */
export class Fatal extends Error {}

/** Asks until there is an answer that is not to be asked for again. */
async function ask<T>(send: () => Promise<T>, errorOf: (answer: T) => number): Promise<T> {
  for (;;) {
    try {
      const answer = await send();
      if (!RETRIABLE.has(errorOf(answer))) return answer;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
  }
}

function expectNone(errorCode: number): void {
  if (errorCode !== ErrorCode.NONE) throw new Fatal(errorName(errorCode));
}

interface Identity {
  readonly transactionalId: string | null;
  producerId: number;
  producerEpoch: number;
}

async function init(broker: Asked, transactionalId: string | null, timeoutMs = TIMEOUT_MS): Promise<Identity> {
  const answer = await ask(
    () => broker.send(InitProducerId, 4, { transactionalId, transactionTimeoutMs: timeoutMs }),
    (a) => a.errorCode,
  );
  expectNone(answer.errorCode);
  return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

async function produce(
  broker: Asked,
  from: Identity,
  to: { topic: string; index: number },
  values: readonly string[],
  baseSequence: number,
  version = 12,
): Promise<void> {
  const { transactionalId, producerId, producerEpoch } = from;
  const records = encodeBatch({
    records: values.map((value) => ({ key: null, value: Buffer.from(value), timestamp: TIMESTAMP })),
    producerId,
    producerEpoch,
    baseSequence,
    isTransactional: transactionalId !== null,
  });
  const answer = await ask(
    () =>
      broker.send(Produce, version, {
        transactionalId,
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: to.topic, partitionData: [{ index: to.index, records }] }],
      }),
    ({ responses: [topic] }) => topic.partitionResponses[0].errorCode,
  );
  expectNone(answer.responses[0].partitionResponses[0].errorCode);
}

/** An idempotent producer: writes 0, 1, 2 … to the input, in batches of one to three. */
export async function feed(broker: Asked, history: History, count: number, random: () => number): Promise<void> {
  const from = await init(broker, null);
  for (let sent = 0; sent < count;) {
    const size = Math.min(count - sent, 1 + Math.floor(random() * 3));
    const values = Array.from({ length: size }, (_, i) => String(sent + i));
    await produce(broker, from, { topic: INPUT, index: 0 }, values, sent);
    for (const value of values) history.acknowledged(value);
    sent += size;
  }
}

/** A reader of committed records, which passes over aborted ones as clients do: with the list that comes with a fetch. */
export class Reader {
  readonly values: string[] = [];
  /** Of the value at the same place. */
  readonly offsets: number[] = [];
  position = 0;
  lastStableOffset = -1;
  highWatermark = -1;
  readonly #broker: Asked;
  readonly #topic: string;
  readonly #partition: number;
  readonly #history: History;

  constructor(broker: Asked, history: History, topic: string, partition: number) {
    this.#broker = broker;
    this.#history = history;
    this.#topic = topic;
    this.#partition = partition;
  }

  /** Reads on; false at the end. */
  async poll(): Promise<boolean> {
    const {
      responses: [
        {
          partitions: [found],
        },
      ],
    } = await ask(
      () =>
        this.#broker.send(Fetch, 12, {
          maxWaitMs: 0,
          minBytes: 0,
          isolationLevel: 1,
          topics: [
            {
              topic: this.#topic,
              partitions: [{ partition: this.#partition, fetchOffset: this.position, partitionMaxBytes: 1 << 20 }],
            },
          ],
        }),
      (answer) => answer.responses[0].partitions[0].errorCode,
    );
    expectNone(found.errorCode);
    this.lastStableOffset = found.lastStableOffset;
    this.highWatermark = found.highWatermark;
    const bytes = Buffer.from(found.records ?? []);
    const aborted = [...(found.abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset);
    const passedOver = new Set<number>();
    for (const at of batches(bytes)) {
      const batch = decodeBatch(bytes, at);
      while (aborted.length > 0 && aborted[0].firstOffset <= batch.lastOffset)
        passedOver.add(aborted.shift()!.producerId);
      if (batch.isControl) {
        if (readEndTxnMarker(batch.records[0])?.type === 'ABORT') passedOver.delete(batch.producerId);
      } else if (!(batch.isTransactional && passedOver.has(batch.producerId))) {
        for (const { offset, value } of batch.records)
          if (offset >= this.position) this.#take(offset, String(Buffer.from(value ?? [])));
      }
      this.position = batch.lastOffset + 1;
    }
    return bytes.length > 0;
  }

  #take(offset: number, value: string): void {
    this.#history.read({ topic: this.#topic, partition: this.#partition, offset, value });
    this.values.push(value);
    this.offsets.push(offset);
  }
}

export interface CopierOptions {
  readonly version: 1 | 2;
  readonly transactionalId: string;
  /** Ends after so many transactions; Infinity: when all of the input is copied. */
  readonly transactions: number;
  /** Of a transaction; a minute unless given. */
  readonly timeoutMs?: number;
  isFed(): boolean;
  /** Where the input ends then, where brokers are several: one that has just become leader may not know that it goes on so far. */
  readonly inputEnd?: number;
}

/** Consumes, transforms and produces, in transactions; each instance begins where the group's offset is. */
export class Copier {
  readonly #broker: Asked;
  readonly #history: History;
  readonly #random: () => number;
  readonly #options: CopierOptions;
  readonly #name: string;
  #sequences: number[] = [];
  #serial = 0;

  constructor(broker: Asked, history: History, random: () => number, name: string, options: CopierOptions) {
    this.#broker = broker;
    this.#history = history;
    this.#random = random;
    this.#name = name;
    this.#options = options;
  }

  /** True when all is copied; throws Fatal when another instance has taken over, or it cannot go on. */
  async run(): Promise<boolean> {
    const self = await init(this.#broker, this.#options.transactionalId, this.#options.timeoutMs);
    this.#sequences = Array.from({ length: OUTPUT_PARTITIONS }, () => 0);
    let source = await this.#source();
    for (let done = 0; done < this.#options.transactions;) {
      const wasFed = this.#options.isFed();
      const isMore = source.values.length > 0 || (await source.poll());
      if (source.values.length === 0) {
        if (!isMore && wasFed && source.position >= (this.#options.inputEnd ?? 0)) return true;
        continue;
      }
      const committed = await this.#copy(self, source);
      if (!committed) source = await this.#source();
      done++;
    }
    return false;
  }

  /** The input from the group's offset on. */
  async #source(): Promise<Reader> {
    const answer = await ask(
      () =>
        this.#broker.send(OffsetFetch, 8, {
          groups: [{ groupId: GROUP, topics: [{ name: INPUT, partitionIndexes: [0] }] }],
          requireStable: true,
        }),
      ({ groups: [group] }) => group.errorCode || group.topics[0].partitions[0].errorCode,
    );
    const [{ errorCode, committedOffset }] = answer.groups[0].topics[0].partitions;
    expectNone(errorCode);
    const source = new Reader(this.#broker, this.#history, INPUT, 0);
    source.position = Math.max(0, committedOffset);
    return source;
  }

  /** One transaction; true where it was committed. */
  async #copy(self: Identity, source: Reader): Promise<boolean> {
    const tag = `${this.#name}.${this.#serial++}`;
    const count = Math.min(source.values.length, 1 + Math.floor(this.#random() * 3));
    const values = source.values.splice(0, count);
    const [last] = source.offsets.splice(0, count).slice(-1);
    this.#history.began(tag);
    try {
      for (let index = 0; index < OUTPUT_PARTITIONS; index++) {
        const own = values.filter((value) => Number(value) % OUTPUT_PARTITIONS === index);
        await this.#write(
          self,
          index,
          (own.length > 0 ? own : ['']).map((value) => outputValue(tag, value)),
        );
      }
      await this.#commitOffset(self, last + 1);
      const committed = this.#random() >= 0.25;
      this.#history.asked(tag, committed);
      await this.#end(self, committed);
      this.#history.ended(tag, committed);
      return committed;
    } catch (error) {
      if (error instanceof Fatal) this.#history.abandoned(tag);
      throw error;
    }
  }

  async #write(self: Identity, index: number, values: readonly string[]): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = self;
    if (this.#options.version === 1) {
      const answer = await ask(
        () =>
          this.#broker.send(AddPartitionsToTxn, 3, {
            v3AndBelowTransactionalId: transactionalId ?? '',
            v3AndBelowProducerId: producerId,
            v3AndBelowProducerEpoch: producerEpoch,
            v3AndBelowTopics: [{ name: OUTPUT, partitions: [index] }],
          }),
        ({ resultsByTopicV3AndBelow: [topic] }) => topic.resultsByPartition[0].partitionErrorCode,
      );
      expectNone(answer.resultsByTopicV3AndBelow[0].resultsByPartition[0].partitionErrorCode);
    }
    const sequence = this.#sequences[index];
    await produce(
      this.#broker,
      self,
      { topic: OUTPUT, index },
      values,
      sequence,
      this.#options.version === 1 ? 11 : 12,
    );
    this.#sequences[index] = sequence + values.length;
  }

  async #commitOffset(
    { transactionalId, producerId, producerEpoch }: Identity,
    committedOffset: number,
  ): Promise<void> {
    const identity = { transactionalId: transactionalId ?? '', producerId, producerEpoch, groupId: GROUP };
    if (this.#options.version === 1) {
      expectNone(
        (
          await ask(
            () => this.#broker.send(AddOffsetsToTxn, 3, identity),
            ({ errorCode }) => errorCode,
          )
        ).errorCode,
      );
    }
    const answer = await ask(
      () =>
        this.#broker.send(TxnOffsetCommit, this.#options.version === 1 ? 3 : 5, {
          ...identity,
          topics: [{ name: INPUT, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: null }] }],
        }),
      ({ topics: [topic] }) => topic.partitions[0].errorCode,
    );
    expectNone(answer.topics[0].partitions[0].errorCode);
  }

  async #end(self: Identity, committed: boolean): Promise<void> {
    const { version } = this.#options;
    const answer = await ask(
      () =>
        this.#broker.send(EndTxn, version === 1 ? 4 : 5, {
          transactionalId: self.transactionalId ?? '',
          producerId: self.producerId,
          producerEpoch: self.producerEpoch,
          committed,
        }),
      ({ errorCode }) => errorCode,
    );
    expectNone(answer.errorCode);
    if (version === 1) return;
    self.producerId = answer.producerId;
    self.producerEpoch = answer.producerEpoch;
    this.#sequences.fill(0);
  }
}
