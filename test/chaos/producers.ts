/** Producers that go on whatever happens, and note what was acknowledged: kafkajs and librdkafka with idempotence, and bare requests. */
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { Produce } from '../../protocol/apis/00-produce.ts';
import type { Client } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { librdkafka } from '../clients/librdkafka.ts';
import type { ChaosCluster, Node } from './cluster.ts';

export interface Acknowledged {
  readonly partition: number;
  readonly value: string;
  /** Where the client says that it lies; null where it does not say. */
  readonly offset: number | null;
}

const REQUEST_MS = 1000;
const PACE_MS = 15;

/** What all of them have in common: value after value, until the end. */
export abstract class Producer {
  readonly acknowledged: Acknowledged[] = [];
  /** No value may be there twice. */
  abstract readonly isIdempotent: boolean;
  readonly name: string;
  failures = 0;
  /** The longest time between two acknowledgements since it was asked for last. */
  #longestGapMs = 0;
  #lastMs = performance.now();
  #isOver = false;
  #running: Promise<void> | null = null;

  constructor(name: string) {
    this.name = name;
  }

  begin(): this {
    this.#running = this.#run();
    return this;
  }

  takeGap(): number {
    const gapMs = Math.max(this.#longestGapMs, performance.now() - this.#lastMs);
    this.#longestGapMs = 0;
    return gapMs;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await this.close();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async #run(): Promise<void> {
    for (let serial = 0; !this.#isOver; serial++) {
      const partition = this.partitionOf(serial);
      const value = `${this.name} ${serial}`;
      try {
        this.acknowledged.push({ partition, value, offset: await this.send(partition, value) });
        const nowMs = performance.now();
        this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastMs);
        this.#lastMs = nowMs;
      } catch {
        this.failures++; // whether the value is there nobody knows
        await this.failed();
      }
      await wait(PACE_MS);
    }
  }

  protected abstract partitionOf(serial: number): number;
  protected abstract send(partition: number, value: string): Promise<number | null>;
  protected abstract failed(): Promise<void>;
  protected abstract close(): Promise<unknown>;
}

/** A request at a time with acks=all, each given a second; it asks for the leader whenever something has gone wrong. */
export class BareProducer extends Producer {
  readonly isIdempotent = false;
  readonly #cluster: ChaosCluster;
  readonly #topic: string;
  readonly #partition: number;
  #client: Client | null = null;

  constructor(name: string, cluster: ChaosCluster, topic: string, partition: number) {
    super(name);
    this.#cluster = cluster;
    this.#topic = topic;
    this.#partition = partition;
  }

  protected partitionOf(): number {
    return this.#partition;
  }

  protected async send(index: number, value: string): Promise<number> {
    const client = await this.#leaderOf(index);
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: Date.now() }] });
    const topicData = [{ name: this.#topic, partitionData: [{ index, records }] }];
    const sent = client.send(Produce, 9, { acks: -1, timeoutMs: REQUEST_MS, topicData });
    const answer = await Promise.race([sent, wait(REQUEST_MS + 200).then(() => null)]);
    if (answer === null) throw new Error('no answer in time');
    const [{ errorCode, baseOffset }] = answer.responses[0].partitionResponses;
    if (errorCode !== 0) throw new Error(`Produce answers ${errorCode}`);
    return baseOffset;
  }

  async #leaderOf(index: number): Promise<Client> {
    if (this.#client !== null && !this.#client.isClosed) return this.#client;
    const leader = (await this.#cluster.states(this.#topic))?.[index]?.leader ?? -1;
    if (leader < 1) throw new Error('nobody leads');
    return (this.#client = await this.#cluster.connect(leader as Node));
  }

  protected async failed(): Promise<void> {
    void this.#client?.close();
    this.#client = null;
    await wait(20);
  }

  protected close(): Promise<unknown> {
    return Promise.resolve(this.#client?.close());
  }
}

/** Over either client: what the other has of kafkajs's ways is the same here. */
export class IdempotentProducer extends Producer {
  readonly isIdempotent = true;
  readonly #partitions: number;
  readonly #topic: string;
  readonly #open: () => Promise<IdempotentClient>;
  #client: Promise<IdempotentClient> | null = null;

  constructor(name: string, topic: string, partitions: number, open: () => Promise<IdempotentClient>) {
    super(name);
    this.#topic = topic;
    this.#partitions = partitions;
    this.#open = open;
  }

  protected partitionOf(serial: number): number {
    return serial % this.#partitions;
  }

  protected async send(partition: number, value: string): Promise<number | null> {
    const client = await (this.#client ??= this.#open());
    const offset = await client.send(this.#topic, partition, value);
    return offset;
  }

  /** An idempotent producer that has failed is of no more use. */
  protected async failed(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    void client?.then((each) => each.close()).catch(() => {});
    await wait(100);
  }

  protected async close(): Promise<unknown> {
    return (await this.#client?.catch(() => null))?.close();
  }
}

interface IdempotentClient {
  send(topic: string, partition: number, value: string): Promise<number | null>;
  close(): Promise<unknown>;
}

export function kafkajsProducer(cluster: ChaosCluster, topic: string, partitions: number): Producer {
  const retry = { initialRetryTime: 30, maxRetryTime: 300, retries: 60 };
  return new IdempotentProducer('kafkajs', topic, partitions, async () => {
    const kafka = new Kafka({
      clientId: 'chaos',
      brokers: cluster.bootstrap(),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 500,
      requestTimeout: 5000,
      retry,
    });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry });
    await producer.connect();
    return {
      async send(to, partition, value) {
        const [told] = await producer.send({ topic: to, acks: -1, timeout: 5000, messages: [{ partition, value }] });
        return told.baseOffset === undefined ? null : Number(told.baseOffset);
      },
      close: () => producer.disconnect(),
    };
  });
}

/** Null where it is not loadable. */
export function librdkafkaProducer(cluster: ChaosCluster, topic: string, partitions: number): Producer | null {
  if (librdkafka === null) return null;
  const { Kafka: RdKafka, logLevel: levels } = librdkafka.KafkaJS;
  return new IdempotentProducer('librdkafka', topic, partitions, async () => {
    const kafka = new RdKafka({
      kafkaJS: { clientId: 'chaos', brokers: cluster.bootstrap(), logLevel: levels.NOTHING },
      'reconnect.backoff.max.ms': 300,
      'socket.timeout.ms': 5000,
    });
    const producer = kafka.producer({ kafkaJS: { idempotent: true, acks: -1 }, 'linger.ms': 0 });
    await producer.connect();
    return {
      async send(to, partition, value) {
        const [told] = await producer.send({ topic: to, messages: [{ partition, value }] });
        return told.baseOffset === undefined ? null : Number(told.baseOffset);
      },
      close: () => producer.disconnect(),
    };
  });
}
