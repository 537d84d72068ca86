/**
 * The check of every record in a batch that is being produced, without making anything out of them: about a dozen
 * nanoseconds a record. What Kafka's LogValidator looks at, plus that offset deltas count 0, 1, 2, … (every client
 * writes them so, and consumers skip or repeat records when they do not).
 */
import { readVarint, readVarlong, type Cursor } from './record.ts';

/** Sees each record that is right so far; lengths are -1 for null. Positions are in the walked bytes. */
export type RecordVisitor = (
  index: number, timestampDelta: number, keyAt: number, keyLength: number, valueAt: number, valueLength: number,
) => void;

/** What walkRecords found. There is one, used again by the next call: read it before anything else walks. */
export interface RecordWalk {
  /** What is wrong, as a sentence for the producer, or '' when all is right. */
  reason: string;
  /** The first record that is wrong, or -1. Where the end of the batch is wrong it is the declared count. */
  failedIndex: number;
  /** Records without a key (refused by compacted topics), and the first of them or -1. */
  nullKeys: number;
  firstNullKey: number;
  /** Milliseconds from the batch's base timestamp; 0 where there is no record. */
  minTimestampDelta: number;
  maxTimestampDelta: number;
  /** The first record with the largest timestamp, -1 where there is no record. */
  maxTimestampIndex: number;
}

export const Malformed = {
  missing: 'The batch holds fewer records than it declares',
  trailing: 'The batch goes on after the last record it declares',
  length: 'The record is longer than what is left of its batch',
  varint: 'A number of variable length in the record does not end where it must',
  offsetDelta: 'The offset delta of the record is not its place in the batch',
  size: 'The length of the record is not that of its fields',
  field: 'A key, value or header is longer than what is left of its record',
  headers: 'The number of headers is negative or more than the record can hold',
  headerKey: 'A header of the record has no key',
} as const;

const walk: RecordWalk = {
  reason: '', failedIndex: -1, nullKeys: 0, firstNullKey: -1,
  minTimestampDelta: 0, maxTimestampDelta: 0, maxTimestampIndex: -1,
};
const cursor: Cursor = { next: 0 };

/**
 * Checks `count` (uncompressed) records that must fill the bytes from `at` to `end` exactly. The fields of a record
 * are nearly always one or two bytes long, so these are read here and only the rest by the functions of record.ts.
 */
export function walkRecords(
  bytes: Buffer, at: number, end: number, count: number, visitor?: RecordVisitor,
): Readonly<RecordWalk> {
  let nullKeys = 0;
  let firstNullKey = -1;
  let minDelta = 0;
  let maxDelta = 0;
  let maxIndex = -1;
  walk.reason = '';
  walk.failedIndex = -1;

  for (let index = 0; index < count; index++) {
    if (at >= end) return failed(index, Malformed.missing);
    let length = bytes[at];
    if (length < 0x80) {
      at++;
      length = (length >>> 1) ^ -(length & 1);
    } else {
      length = readVarint(bytes, at, end, cursor);
      at = cursor.next;
      if (at < 0) return failed(index, Malformed.varint);
    }
    if (length < 0 || length > end - at) return failed(index, Malformed.length);
    const recordEnd = at + length;
    if (length < 6) return failed(index, Malformed.size);
    at++; // the attributes, which mean nothing

    let timestampDelta = bytes[at];
    if (timestampDelta < 0x80) {
      at++;
      timestampDelta = (timestampDelta >>> 1) ^ -(timestampDelta & 1);
    } else {
      timestampDelta = readVarlong(bytes, at, recordEnd, cursor);
      at = cursor.next;
      if (at < 0) return failed(index, Malformed.varint);
    }
    if (maxIndex < 0 || timestampDelta > maxDelta) {
      if (maxIndex < 0) minDelta = timestampDelta;
      maxDelta = timestampDelta;
      maxIndex = index;
    } else if (timestampDelta < minDelta) minDelta = timestampDelta;

    if (index < 64 && bytes[at] === index << 1) at++;
    else {
      const offsetDelta = readVarint(bytes, at, recordEnd, cursor);
      at = cursor.next;
      if (at < 0) return failed(index, Malformed.varint);
      if (offsetDelta !== index) return failed(index, Malformed.offsetDelta);
    }

    let keyLength = bytes[at];
    if (keyLength < 0x80) {
      at++;
      keyLength = (keyLength >>> 1) ^ -(keyLength & 1);
    } else {
      keyLength = readVarint(bytes, at, recordEnd, cursor);
      at = cursor.next;
      if (at < 0) return failed(index, Malformed.varint);
    }
    const keyAt = at;
    if (keyLength < 0) {
      if (nullKeys++ === 0) firstNullKey = index;
    } else if (keyLength > recordEnd - at) return failed(index, Malformed.field);
    else at += keyLength;

    let valueLength = bytes[at];
    if (valueLength < 0x80) {
      at++;
      valueLength = (valueLength >>> 1) ^ -(valueLength & 1);
    } else {
      valueLength = readVarint(bytes, at, recordEnd, cursor);
      at = cursor.next;
      if (at < 0) return failed(index, Malformed.varint);
    }
    const valueAt = at;
    if (valueLength > 0) {
      if (valueLength > recordEnd - at) return failed(index, Malformed.field);
      at += valueLength;
    }

    if (bytes[at] === 0) at++;
    else {
      at = walkHeaders(bytes, at, recordEnd);
      if (at < 0) return failed(index, walk.reason);
    }
    if (at !== recordEnd) return failed(index, Malformed.size);
    if (visitor !== undefined) visitor(index, timestampDelta, keyAt, keyLength, valueAt, valueLength);
  }

  walk.nullKeys = nullKeys;
  walk.firstNullKey = firstNullKey;
  walk.minTimestampDelta = minDelta;
  walk.maxTimestampDelta = maxDelta;
  walk.maxTimestampIndex = maxIndex;
  return at === end ? walk : failed(count, Malformed.trailing);
}

/** The position behind the headers, or -1 with the reason in `walk`. */
function walkHeaders(bytes: Buffer, at: number, recordEnd: number): number {
  const count = readVarint(bytes, at, recordEnd, cursor);
  at = cursor.next;
  if (at < 0) return failedHeaders(Malformed.varint);
  // A header takes two bytes at least.
  if (count < 0 || count > (recordEnd - at) >> 1) return failedHeaders(Malformed.headers);
  for (let i = 0; i < count; i++) {
    const keyLength = readVarint(bytes, at, recordEnd, cursor);
    at = cursor.next;
    if (at < 0) return failedHeaders(Malformed.varint);
    if (keyLength < 0) return failedHeaders(Malformed.headerKey);
    if (keyLength > recordEnd - at) return failedHeaders(Malformed.field);
    at += keyLength;
    const valueLength = readVarint(bytes, at, recordEnd, cursor);
    at = cursor.next;
    if (at < 0) return failedHeaders(Malformed.varint);
    if (valueLength > recordEnd - at) return failedHeaders(Malformed.field);
    if (valueLength > 0) at += valueLength;
  }
  return at;
}

function failedHeaders(reason: string): number {
  walk.reason = reason;
  return -1;
}

function failed(index: number, reason: string): RecordWalk {
  walk.reason = reason;
  walk.failedIndex = index;
  walk.nullKeys = 0;
  walk.firstNullKey = -1;
  walk.minTimestampDelta = 0;
  walk.maxTimestampDelta = 0;
  walk.maxTimestampIndex = -1;
  return walk;
}
