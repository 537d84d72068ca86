/** The C client behind most non-Java clients, for tests: `test.skipIf(librdkafka === null)('…', …)`. */
import { createRequire } from 'node:module';

/** Settings by librdkafka's own names, or under `kafkaJS` by kafkajs's. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Message {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly partition?: number;
  /** Milliseconds since 1970, in decimal. */
  readonly timestamp?: string;
  readonly headers?: Readonly<Record<string, Buffer | string>>;
}

export interface Received {
  readonly topic: string;
  readonly partition: number;
  readonly message: {
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly offset: string;
    readonly timestamp: string;
    readonly headers?: Readonly<Record<string, Buffer>>;
  };
}

export interface Batch {
  readonly topic: string;
  readonly messages: readonly Message[];
}

export interface Transaction {
  send(batch: Batch): Promise<unknown>;
  sendOffsets(offsets: { consumer: Consumer; topics?: readonly unknown[] }): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface Producer {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  send(
    batch: Batch,
  ): Promise<readonly { topicName: string; partition: number; baseOffset?: string; errorCode: number }[]>;
  flush(options?: { timeout?: number }): Promise<void>;
  transaction(): Promise<Transaction>;
}

export interface Consumer {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  subscribe(topics: { topics: readonly (string | RegExp)[] }): Promise<void>;
  run(handlers: { eachMessage(received: Received): Promise<void> }): Promise<void>;
  commitOffsets(offsets?: readonly { topic: string; partition: number; offset: string }[]): Promise<void>;
  assignment(): readonly { topic: string; partition: number }[];
}

export interface Admin {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  createTopics(options: { topics: readonly { topic: string; numPartitions?: number }[] }): Promise<boolean>;
  deleteTopics(options: { topics: readonly string[] }): Promise<void>;
  listTopics(): Promise<readonly string[]>;
}

export interface Librdkafka {
  readonly librdkafkaVersion: string;
  /** What it was compiled with: 'gzip', 'lz4', 'snappy', 'zstd', 'ssl', 'sasl_scram', … */
  readonly features: readonly string[];
  readonly KafkaJS: {
    readonly Kafka: new (settings: Settings) => {
      producer(settings?: Settings): Producer;
      consumer(settings: Settings): Consumer;
      admin(settings?: Settings): Admin;
    };
    readonly logLevel: { readonly NOTHING: number; readonly ERROR: number };
  };
}

function load(): Librdkafka | null {
  try {
    return createRequire(new URL('./librdkafka/package.json', import.meta.url))(
      '@confluentinc/kafka-javascript',
    ) as Librdkafka;
  } catch {
    return null; // not installed, or compiled for another Node
  }
}

/** Null where it is not loadable; `npm run librdkafka` brings it. */
export const librdkafka: Librdkafka | null = load();
