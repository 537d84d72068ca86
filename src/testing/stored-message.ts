/** Records between bytes and what tests say of them. */
import type { Record as LogRecord } from '../../protocol/records/decode.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { AnyJson, Content, Headers, MessageToProduce, TestMessage } from './message.ts';

/** One record as it was read, its bytes copied. */
export class StoredMessage implements TestMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Headers;
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

  get json(): AnyJson {
    if (this.value === null) return null;
    try {
      return JSON.parse(this.value) as unknown;
    } catch (error) {
      const place = `${this.topic}[${this.partition}] at offset ${this.offset}`;
      throw new SyntaxError(`the value of ${place} is no JSON (${(error as Error).message}): ${quoted(this.value)}`);
    }
  }

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
