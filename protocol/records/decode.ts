/**
 * Reads record batches: one record after the other for what replays a log (groups, transactions) or looks for a record, and
 * whole into objects for tools and tests. Produce and fetch never come here; they use batch.ts and walk.ts.
 */
import * as batch from './batch.ts';
import type { OutputWatch } from './bounded-output.ts';
import { codecs, decompress, type Codec } from './compression.ts';
import type { Reader } from '../reader.ts';
import { MAX_RECORD_HEADERS, readVarint, readVarlong, type Cursor, type Record } from './record.ts';

export type { Record } from './record.ts';

/** Bytes that are no record batch, or one with contradictions in it. */
export class CorruptRecords extends Error {
  override name = 'CorruptRecords';
}

/** What the header of a batch says. Fields as in batch.ts; int64 as numbers, timestamps in milliseconds since 1970. */
export interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly compression: Codec;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** From then on tombstones and markers in here may go (KIP-534); null until the cleaner has come by. */
  readonly deleteHorizonMs: number | null;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** A batch as read, with all its records. */
export interface DecodedBatch extends BatchHeader {
  readonly records: Record[];
}

/** What the records of one batch may come to when decompressed, unless the caller says otherwise. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/** The position of every whole batch from `at` on, of any magic; ends quietly at a partial one, as in a fetch. */
export function* batches(bytes: Buffer, at = 0, end = bytes.length): Generator<number, void, void> {
  for (let next = batch.batchEnd(bytes, at, end); next >= 0; next = batch.batchEnd(bytes, at, end)) {
    yield at;
    at = next;
  }
}

/**
 * The records of the batch at `at` as bytes for walkRecords: a view, or decompressed, into `room` where there is one and
 * it is large enough. Throws BadCompression.
 */
export function recordBytes(
  bytes: Buffer,
  at: number,
  maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES,
  room: Buffer | null = null,
  watch: OutputWatch | null = null,
): Buffer {
  const stored = bytes.subarray(at + batch.BATCH_OVERHEAD, at + batch.sizeInBytes(bytes, at));
  const codec = batch.compressionOf(batch.attributes(bytes, at));
  if (codec === 0 || stored.length === 0) return stored;
  if (codec >= codecs.length) throw new CorruptRecords(`Compression ${codec} is not known; use ${codecs.join(', ')}`);
  return decompress(codecs[codec], stored, maxBytes, room, watch);
}

/** What the header of the batch at `at` says. Throws CorruptRecords; the CRC is the caller's to check. */
export function decodeHeader(bytes: Buffer, at = 0): BatchHeader {
  if (batch.batchEnd(bytes, at, bytes.length) < 0) throw new CorruptRecords(`No whole record batch at byte ${at}`);
  if (batch.magic(bytes, at) !== batch.CURRENT_MAGIC) {
    throw new CorruptRecords(`Magic ${batch.magic(bytes, at)} at byte ${at} cannot be read; only 2 can`);
  }
  const word = batch.attributes(bytes, at);
  const baseTimestamp = batch.baseTimestamp(bytes, at);
  return {
    baseOffset: batch.baseOffset(bytes, at),
    lastOffset: batch.lastOffset(bytes, at),
    leaderEpoch: batch.leaderEpoch(bytes, at),
    compression: codecs[batch.compressionOf(word)],
    timestampType: batch.hasLogAppendTime(word) ? 'LogAppendTime' : 'CreateTime',
    isTransactional: batch.isTransactional(word),
    isControl: batch.isControl(word),
    deleteHorizonMs: batch.hasDeleteHorizon(word) ? baseTimestamp : null,
    baseTimestamp,
    maxTimestamp: batch.maxTimestamp(bytes, at),
    producerId: batch.producerId(bytes, at),
    producerEpoch: batch.producerEpoch(bytes, at),
    baseSequence: batch.baseSequence(bytes, at),
  };
}

/** The batch at `at` with all its records. Throws CorruptRecords or BadCompression; the CRC is the caller's to check. */
export function decodeBatch(bytes: Buffer, at = 0, maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES): DecodedBatch {
  const header = decodeHeader(bytes, at);
  const records: Record[] = [];
  const cursor = new RecordCursor(bytes, at, maxBytes);
  while (cursor.next()) {
    const { offset, timestamp, key, value } = cursor;
    records.push({ offset, timestamp, key, value, headers: cursor.headers() });
  }
  return { ...header, records };
}

/**
 * Goes through the records of the batch at `at`; every length is compared with what is left of its record. Nothing is made of a
 * record but what is asked for: a batch of some kilobytes may hold millions of them, and of headers. Its constructor and its
 * methods throw CorruptRecords or BadCompression.
 */
export class RecordCursor {
  /** Of the record that `next` came to. */
  offset = 0;
  /** The batch's append time where the batch has LogAppendTime. */
  timestamp = 0;
  /** In bytes, without its length in front. */
  size = 0;
  readonly #bytes: Buffer;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** -1: each record has its own timestamp. */
  readonly #appendTime: number;
  readonly #varintEnd: Cursor = { next: 0 };
  #left: number;
  #at = 0;
  #end = 0;
  #keyAt = 0;
  #keyLength = -1;
  #valueAt = 0;
  #valueLength = -1;

  constructor(bytes: Buffer, at = 0, maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES) {
    this.#bytes = recordBytes(bytes, at, maxBytes);
    this.#baseOffset = batch.baseOffset(bytes, at);
    this.#baseTimestamp = batch.baseTimestamp(bytes, at);
    this.#appendTime = batch.hasLogAppendTime(batch.attributes(bytes, at)) ? batch.maxTimestamp(bytes, at) : -1;
    this.#left = batch.recordCount(bytes, at);
  }

  /** Moves to the next record; false behind the last one. */
  next(): boolean {
    this.#at = this.#end;
    this.#end = this.#bytes.length;
    if (this.#left-- <= 0) {
      if (this.#at !== this.#end) throw new CorruptRecords('The batch goes on after the last record it declares');
      return false;
    }
    const length = this.#varint();
    if (length < 1 || length > this.#bytes.length - this.#at) throw corrupt('length');
    this.#end = this.#at + length;
    this.size = length;
    this.#at++; // the attributes, which mean nothing
    const delta = readVarlong(this.#bytes, this.#at, this.#end, this.#varintEnd);
    this.#moved();
    this.timestamp = this.#appendTime < 0 ? this.#baseTimestamp + delta : this.#appendTime;
    this.offset = this.#baseOffset + this.#varint();
    this.#keyLength = this.#length();
    this.#keyAt = this.#pass(this.#keyLength);
    this.#valueLength = this.#length();
    this.#valueAt = this.#pass(this.#valueLength);
    return true;
  }

  /** A view, as `value`. */
  get key(): Buffer | null {
    return this.#view(this.#keyAt, this.#keyLength);
  }

  get value(): Buffer | null {
    return this.#view(this.#valueAt, this.#valueLength);
  }

  /** As UTF-8, without a view in between. */
  get keyText(): string | null {
    return this.#text(this.#keyAt, this.#keyLength);
  }

  get valueText(): string | null {
    return this.#text(this.#valueAt, this.#valueLength);
  }

  /** Has a reader stand at the value, and end with it: of many small values no views are made. False where it is null. */
  readValue(reader: Reader): boolean {
    if (this.#valueLength < 0) return false;
    reader.reset(this.#bytes, this.#valueAt, this.#valueAt + this.#valueLength);
    return true;
  }

  /** The headers of the record, once. Who does not ask passes them over unread. */
  headers(): Record['headers'] {
    const count = this.#varint();
    // A header takes two bytes at least.
    if (count < 0 || count > (this.#end - this.#at) >> 1) throw corrupt('number of headers');
    if (count > MAX_RECORD_HEADERS) {
      throw new CorruptRecords(`A record in the batch has ${count} headers; at most ${MAX_RECORD_HEADERS} are read`);
    }
    const headers: { key: string; value: Buffer | null }[] = [];
    for (let i = 0; i < count; i++) {
      const keyLength = this.#length();
      if (keyLength < 0) throw corrupt('header key');
      const keyAt = this.#pass(keyLength);
      const key = this.#bytes.toString('utf8', keyAt, keyAt + keyLength);
      const valueLength = this.#length();
      headers.push({ key, value: this.#view(this.#pass(valueLength), valueLength) });
    }
    if (this.#at !== this.#end) throw corrupt('length');
    return headers;
  }

  /** Any negative length is null, as Kafka reads it. */
  #view(at: number, length: number): Buffer | null {
    return length < 0 ? null : this.#bytes.subarray(at, at + length);
  }

  #text(at: number, length: number): string | null {
    return length < 0 ? null : this.#bytes.toString('utf8', at, at + length);
  }

  /** Of a field that must end with its record. */
  #length(): number {
    const length = this.#varint();
    if (length > this.#end - this.#at) throw corrupt('length of a field');
    return length;
  }

  /** Moves over a field; answers where it begins. */
  #pass(length: number): number {
    const start = this.#at;
    if (length > 0) this.#at += length;
    return start;
  }

  #varint(): number {
    const value = readVarint(this.#bytes, this.#at, this.#end, this.#varintEnd);
    this.#moved();
    return value;
  }

  #moved(): void {
    if (this.#varintEnd.next < 0) throw corrupt('number of variable length');
    this.#at = this.#varintEnd.next;
  }
}

function corrupt(what: string): CorruptRecords {
  return new CorruptRecords(`A record in the batch has a wrong ${what}`);
}
