/** Gathers records into batches and sends them to the leaders of one topic's partitions, one request each at a time. */
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { InitProducerId } from '../../../protocol/apis/22-init-producer-id.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Codec } from '../../../protocol/records/compression.ts';
import { encodeBatch, type RecordDraft } from '../../../protocol/records/encode.ts';
import type { Timer } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';
import type { OutgoingRecord } from '../record-input.ts';
import { CommandError } from '../usage.ts';
import type { Cluster, TopicMetadata } from './cluster.ts';
import { Refused } from './failure.ts';
import { partitionOfKey } from '../../../protocol/partitioner.ts';

export interface ProducerOptions {
  readonly compression: Codec;
  /** -1: all in-sync replicas. */
  readonly acks: -1 | 0 | 1;
  /** No duplicates when a request is sent again (KIP-98). */
  readonly idempotent: boolean;
  readonly random: Random;
  /** Called for every batch that the broker has taken; the offset is -1 with acks=0. */
  readonly delivered: (partition: number, baseOffset: number, count: number) => void;
  /** What a batch may come to, unless one record alone is larger. */
  readonly batchBytes?: number;
  /** How long a record waits for others. */
  readonly lingerMs?: number;
  /** How often a batch is sent again; without, for as long as the cluster's time limit. */
  readonly retries?: number;
  /** What may wait to be sent, over all partitions. */
  readonly memoryBytes?: number;
  /** How long the leaders that were learned of are believed. */
  readonly metadataMaxAgeMs?: number;
}

/** Below Kafka's default max.message.bytes (1 MiB), with room for the batch's header and the framing of records. */
const BATCH_BYTES = 900_000;
const LINGER_MS = 5;

interface Gathering {
  records: RecordDraft[];
  bytes: number;
}

interface Batch {
  readonly partition: number;
  readonly bytes: Buffer;
  readonly count: number;
}

export class Producer {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #options: ProducerOptions;
  readonly #sequences = new Map<number, number>();
  #leaders = new Map<number, number>();
  #identity = { producerId: -1, producerEpoch: -1 };
  #gathered = new Map<number, Gathering>();
  #gatheredBytes = 0;
  #learnedAt = 0;
  #sticky = -1;
  #sending: Promise<void> = Promise.resolve();
  #timer: Timer | null = null;
  #fail: (error: Error) => void = () => {};
  /** Rejects when records could not be delivered; never resolves. */
  readonly failed: Promise<never>;

  constructor(cluster: Cluster, topic: TopicMetadata, options: ProducerOptions) {
    this.#cluster = cluster;
    this.#topic = topic.name!;
    this.#partitions = topic.partitions.length;
    this.#options = options;
    this.#learn(topic);
    this.failed = new Promise((_resolve, reject) => (this.#fail = reject));
    this.failed.catch(() => {}); // whoever awaits it learns of it
  }

  /** Asks for a producer id where one is needed. */
  async open(): Promise<void> {
    if (!this.#options.idempotent) return;
    const cluster = this.#cluster;
    this.#identity = await cluster.again(async () => {
      const answer = await cluster.sendAny(InitProducerId, {
        transactionalId: null,
        transactionTimeoutMs: 0x7fff_ffff,
      });
      if (answer.errorCode !== 0) throw new Refused('an id for an idempotent producer', answer.errorCode);
      return answer;
    });
  }

  /** Resolves when there is room for more. Throws where the partition is not there. */
  async add(record: OutgoingRecord): Promise<void> {
    const partition = record.partition ?? this.#choose(record.key);
    if (partition >= this.#partitions || partition < 0) {
      throw new CommandError(
        `topic '${this.#topic}' has no partition ${partition}: it has 0 to ${this.#partitions - 1}`,
      );
    }
    const size = sizeOf(record);
    const { batchBytes = BATCH_BYTES, memoryBytes = Infinity, lingerMs = LINGER_MS } = this.#options;
    if (size > memoryBytes) throw new CommandError(`a record of ${size} bytes is larger than the memory for records`);
    const gathering = this.#gathered.get(partition) ?? { records: [], bytes: 0 };
    const isFull = gathering.bytes > 0 && gathering.bytes + size > batchBytes;
    if (isFull || this.#gatheredBytes + size > memoryBytes) {
      await this.#turn();
      return this.add({ ...record, partition: record.key === null ? record.partition : partition });
    }
    this.#gathered.set(partition, gathering);
    const { key, value, headers, timestamp } = record;
    gathering.records.push({ key, value, headers, timestamp: timestamp ?? this.#cluster.clock.now() });
    gathering.bytes += size;
    this.#gatheredBytes += size;
    this.#timer ??= this.#cluster.clock.after(lingerMs, () => void this.flush().catch(this.#fail));
  }

  /** Resolves when everything added so far was taken. */
  async flush(): Promise<void> {
    await this.#turn();
    await this.#sending;
  }

  /** What was gathered goes out once what went before has arrived. */
  async #turn(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#sending;
    const batches = [...this.#gathered].map(([partition, { records }]) => this.#batch(partition, records));
    this.#gathered = new Map();
    this.#gatheredBytes = 0;
    this.#sticky = -1;
    if (batches.length === 0) return;
    const { metadataMaxAgeMs = Infinity } = this.#options;
    if (this.#cluster.clock.monotonic() - this.#learnedAt > metadataMaxAgeMs) await this.#refresh();
    this.#sending = this.#deliver(batches);
    this.#sending.catch(this.#fail);
  }

  #choose(key: Buffer | null): number {
    if (key !== null) return partitionOfKey(key, this.#partitions);
    // One partition until the next batch, as Java's producers do (KIP-480): fewer and larger batches.
    if (this.#sticky < 0) this.#sticky = Math.floor(this.#options.random.float() * this.#partitions);
    return this.#sticky;
  }

  #batch(partition: number, records: readonly RecordDraft[]): Batch {
    const { compression, idempotent } = this.#options;
    const baseSequence = this.#sequences.get(partition) ?? 0;
    if (idempotent) this.#sequences.set(partition, (baseSequence + records.length) & 0x7fff_ffff);
    const identity = idempotent ? { ...this.#identity, baseSequence } : {};
    return { partition, count: records.length, bytes: encodeBatch({ records, compression, ...identity }) };
  }

  async #deliver(batches: readonly Batch[]): Promise<void> {
    let left = batches;
    let retriesLeft = this.#options.retries ?? Infinity;
    await this.#cluster.again(async () => {
      const byLeader = new Map<number, Batch[]>();
      for (const batch of left) {
        const leader = this.#leaders.get(batch.partition) ?? -1;
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch]);
      }
      const done = await Promise.allSettled([...byLeader].map(([leader, some]) => this.#send(leader, some)));
      const taken = new Set(done.flatMap((each) => (each.status === 'fulfilled' ? each.value.taken : [])));
      left = left.filter((batch) => !taken.has(batch));
      const failed = done.find((each) => each.status === 'rejected');
      const refused = done.flatMap((each) => (each.status === 'fulfilled' ? each.value.refused : []));
      if (left.length === 0) return;
      const failure = refused[0] ?? (failed?.reason as Error);
      if (retriesLeft-- <= 0) throw new CommandError(failure.message);
      await this.#refresh();
      throw failure;
    });
  }

  async #send(leader: number, batches: readonly Batch[]): Promise<{ taken: Batch[]; refused: Refused[] }> {
    if (leader < 0) throw new Refused(`topic '${this.#topic}'`, ErrorCode.LEADER_NOT_AVAILABLE);
    const { acks, delivered } = this.#options;
    const draft = {
      acks,
      timeoutMs: this.#cluster.timeoutMs,
      topicData: [
        {
          name: this.#topic,
          partitionData: batches.map(({ partition, bytes }) => ({ index: partition, records: bytes })),
        },
      ],
    };
    if (acks === 0) {
      (await this.#cluster.link(leader)).sendWithoutResponse(Produce, draft);
      for (const { partition, count } of batches) delivered(partition, -1, count);
      return { taken: [...batches], refused: [] };
    }
    const answer = await this.#cluster.sendTo(leader, Produce, draft, this.#cluster.timeoutMs);
    const taken: Batch[] = [];
    const refused: Refused[] = [];
    for (const { index, errorCode, errorMessage, baseOffset } of answer.responses[0].partitionResponses) {
      const batch = batches.find(({ partition }) => partition === index)!;
      if (errorCode === 0 || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
        taken.push(batch);
        delivered(index, baseOffset, batch.count);
      } else refused.push(refusalOf(`${this.#topic}/${index}`, errorCode, errorMessage));
    }
    return { taken, refused };
  }

  async #refresh(): Promise<void> {
    const { topics } = await this.#cluster.metadata([this.#topic]);
    this.#learn(topics[0]);
  }

  #learn({ partitions }: TopicMetadata): void {
    this.#learnedAt = this.#cluster.clock.monotonic();
    this.#leaders = new Map(partitions.map(({ partitionIndex, leaderId }) => [partitionIndex, leaderId]));
  }
}

function refusalOf(what: string, errorCode: number, errorMessage: string | null): Refused {
  if (errorCode !== ErrorCode.MESSAGE_TOO_LARGE) return new Refused(what, errorCode, errorMessage);
  const advice =
    'a record is larger than the topic takes: raise max.message.bytes (`ottla topics alter … -c`), or compress';
  return new Refused(what, errorCode, advice);
}

/** A little more than the bytes of a record in a batch. */
function sizeOf({ key, value, headers }: OutgoingRecord): number {
  const inHeaders = headers.reduce((sum, header) => sum + 3 * header.key.length + (header.value?.length ?? 0) + 8, 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + inHeaders + 30;
}
