/** One record as a page shows it. */
import type { Record as LogRecord, RecordCursor } from '../../protocol/records/decode.ts';
import type { SearchedMessage } from '../insight/message-query.ts';
import type { LongMessage } from '../insight/message-search.ts';
import { characterStart } from '../insight/utf8.ts';
import type { Content, RecordRow, RecordState } from './frames.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** Of a key, a value or a header, in a list of records. */
const SHOWN_BYTES = 2048;
const SHOWN_HEADERS = 20;
/** Characters of a header's name, which may be as long as a message. */
const LONGEST_NAME = 256;

export interface BatchFacts {
  readonly state: RecordState;
  readonly compression: number;
  readonly producerId: number;
}

export type ShowRecord = (partition: number, record: LogRecord, facts: BatchFacts) => RecordRow;

export function rowOf(
  partition: number,
  { offset, timestamp, key, value, headers }: LogRecord,
  { state, compression, producerId }: BatchFacts,
): RecordRow {
  return {
    partition,
    offset,
    timestamp,
    state,
    codec: CODECS[compression] ?? `codec ${compression}`,
    producerId,
    size: (key?.byteLength ?? 0) + (value?.byteLength ?? 0),
    key: contentOf(key, SHOWN_BYTES),
    value: contentOf(value, SHOWN_BYTES),
    headers: headers
      .slice(0, SHOWN_HEADERS)
      .map((header) => ({ key: nameOf(header.key), value: contentOf(header.value, SHOWN_BYTES) })),
  };
}

function nameOf(key: string): string {
  return key.length <= LONGEST_NAME ? key : `${key.slice(0, LONGEST_NAME)}…`;
}

/** The record that a cursor has come to, of which only that is decoded which a search looks at. */
export class CursorMessage implements SearchedMessage {
  readonly partition: number;
  readonly #cursor: RecordCursor;
  /** Null until they are read, which a cursor does once. */
  #headers: LogRecord['headers'] | null = null;
  /** Undefined until it is asked for: all terms of a search may look at it. */
  #value: string | null | undefined = undefined;

  constructor(partition: number, cursor: RecordCursor) {
    this.partition = partition;
    this.#cursor = cursor;
  }

  /** False behind the last one. */
  next(): boolean {
    this.#headers = null;
    this.#value = undefined;
    return this.#cursor.next();
  }

  /** Of all of it, in bytes. */
  get size(): number {
    return this.#cursor.size;
  }

  /** For who looks at it in pieces. */
  get long(): LongMessage {
    return { partition: this.partition, ...this.record };
  }

  get offset(): number {
    return this.#cursor.offset;
  }

  get timestamp(): number {
    return this.#cursor.timestamp;
  }

  get key(): string | null {
    return this.#cursor.keyText;
  }

  get value(): string | null {
    if (this.#value === undefined) this.#value = this.#cursor.valueText;
    return this.#value;
  }

  get headers(): SearchedMessage['headers'] {
    return this.#rawHeaders.map((header) => ({ key: header.key, value: textOf(header.value) }));
  }

  /** All of it, for those who keep it. */
  get record(): LogRecord {
    const { offset, timestamp, key, value } = this.#cursor;
    return { offset, timestamp, key, value, headers: this.#rawHeaders };
  }

  get #rawHeaders(): LogRecord['headers'] {
    return (this.#headers ??= this.#cursor.headers());
  }
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The first `most` bytes, as text where all of them are UTF-8. */
export function contentOf(bytes: Uint8Array | null, most: number): Content | null {
  if (bytes === null) return null;
  const isCut = bytes.byteLength > most;
  const shown = isCut ? bytes.subarray(0, characterStart(bytes, most)) : bytes;
  try {
    return { text: strict.decode(shown), isHex: false, bytes: bytes.byteLength, isCut };
  } catch {
    const hex = Buffer.from(shown.buffer, shown.byteOffset, shown.byteLength).toString('hex');
    return { text: hex, isHex: true, bytes: bytes.byteLength, isCut };
  }
}
