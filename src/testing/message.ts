/** Records as tests write and read them: text and JSON where Kafka has bytes. */
import type { Record as LogRecord } from '../../protocol/records/decode.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';

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

/** One record of a topic. Text where Kafka has bytes; `valueBytes` and `json` are there too. */
export class TestMessage {
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
  readonly headers: Readonly<Record<string, string | null>>;
  readonly #bytes: { readonly key: Uint8Array | null; readonly value: Uint8Array | null };

  constructor(topic: string, partition: number, record: LogRecord) {
    this.topic = topic;
    this.partition = partition;
    this.offset = record.offset;
    this.timestamp = record.timestamp;
    this.key = textOf(record.key);
    this.value = textOf(record.value);
    this.headers = Object.fromEntries(record.headers.map(({ key, value }) => [key, textOf(value)]));
    // The record is a view on a buffer that is used again.
    this.#bytes = { key: copyOf(record.key), value: copyOf(record.value) };
  }

  get keyBytes(): Uint8Array | null {
    return this.#bytes.key;
  }

  get valueBytes(): Uint8Array | null {
    return this.#bytes.value;
  }

  /** The value, parsed. @throws {SyntaxError} where it is no JSON */
  get json(): unknown {
    if (this.value === null) return null;
    try {
      return JSON.parse(this.value) as unknown;
    } catch (error) {
      const place = `${this.topic}[${this.partition}] at offset ${this.offset}`;
      throw new SyntaxError(`the value of ${place} is no JSON (${(error as Error).message}): ${quoted(this.value)}`);
    }
  }

  /** One line for people. */
  toString(): string {
    const headers = Object.entries(this.headers).map(([name, value]) => ` ${name}: ${quoted(value)}`);
    return `${this.topic}[${this.partition}]@${this.offset} ${quoted(this.key)} → ${quoted(this.value)}${headers.join('')}`;
  }
}

export function quoted(text: string | null): string {
  if (text === null) return 'null';
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text);
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Buffer.from(bytes);
}

export function bytesOf(content: Content | undefined): Buffer | null {
  if (content === null || content === undefined) return null;
  if (typeof content === 'string') return Buffer.from(content);
  if (ArrayBuffer.isView(content)) {
    // Also of another realm: jest runs tests in one of their own.
    return Buffer.from(content.buffer as ArrayBuffer, content.byteOffset, content.byteLength);
  }
  return Buffer.from(JSON.stringify(content));
}

export function draftOf(message: MessageToProduce, nowMs: number): RecordDraft {
  const { key, value, headers = {}, timestamp } = message;
  return {
    key: bytesOf(key),
    value: bytesOf(value),
    headers: Object.entries(headers).map(([name, content]) => ({ key: name, value: bytesOf(content) })),
    timestamp: timestamp === undefined ? nowMs : Number(timestamp),
  };
}
