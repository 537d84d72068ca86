/** Records as tests write and read them: text and JSON where Kafka has bytes. */

/** Bytes, text as UTF-8, anything else as JSON; null is Kafka's null (a tombstone, where it is the value). */
export type Content = string | Uint8Array | null | object | number | boolean;

export interface MessageToProduce {
  readonly value: Content;
  /** Decides on the partition, by the hash that Kafka's own clients use. */
  readonly key?: Content;
  readonly headers?: Readonly<Record<string, Content>>;
  /** Otherwise by the key, or in turn where there is none. */
  readonly partition?: number;
  /** Milliseconds since 1970, or a Date; otherwise now, by the broker's clock. */
  readonly timestamp?: number | Date;
}

export type Headers = Readonly<Record<string, string | null>>;

/** What a value is when the test does not say: as JSON.parse answers it. `messages<Order>('orders')` says it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyJson = any;

/** One record of a topic. Text where Kafka has bytes; `valueBytes` and `json` are there too. */
export interface TestMessage<Value = AnyJson, OwnHeaders = Headers> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** As UTF-8. */
  readonly key: string | null;
  /** As UTF-8; null is a tombstone. */
  readonly value: string | null;
  /** As UTF-8; of headers with one name, the last. */
  readonly headers: OwnHeaders;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  /** The value, parsed; null for a tombstone. @throws {SyntaxError} where it is no JSON */
  readonly json: Value;
  /** One line for people. */
  toString(): string;
}
