/**
 * The check of every record in a batch that is being produced, without making anything out of them: about a dozen
 * nanoseconds a record. What Kafka's LogValidator looks at, plus that offset deltas count 0, 1, 2, … (every client
 * writes them so, and consumers skip or repeat records when they do not).
 */
import { MAX_RECORD_HEADERS, readVarint, readVarlong, type Cursor } from './record.ts';

/** Sees each record that is right so far; lengths are -1 for null. Positions are in the walked bytes. */
export type RecordVisitor = (
  index: number,
  timestampDelta: number,
  keyAt: number,
  keyLength: number,
  valueAt: number,
  valueLength: number,
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
  /** The position behind the last record that was walked, and its index and one. */
  end: number;
  walked: number;
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
  tooManyHeaders: `The record has more than ${MAX_RECORD_HEADERS} headers; send them as a part of the value`,
  headerKey: 'A header of the record has no key',
} as const;

const walk: RecordWalk = {
  reason: '',
  failedIndex: -1,
  nullKeys: 0,
  firstNullKey: -1,
  minTimestampDelta: 0,
  maxTimestampDelta: 0,
  maxTimestampIndex: -1,
  end: 0,
  walked: 0,
};
const cursor: Cursor = { next: 0 };
/** The position behind what was read last, -1 when it failed. Of the module, so that nothing is made per record. */
let next = 0;

/**
 * Checks `count` (uncompressed) records that must fill the bytes from `at` to `end` exactly. In pieces: those from `first` on,
 * which begins at `at`, until one ends at `pauseAt` or behind; `walked` and `end` of the walk say where to go on.
 */
export function walkRecords(
  bytes: Buffer,
  at: number,
  end: number,
  count: number,
  visitor?: RecordVisitor,
  first = 0,
  pauseAt = Infinity,
): Readonly<RecordWalk> {
  let nullKeys = 0;
  let firstNullKey = -1;
  let minDelta = 0;
  let maxDelta = 0;
  let maxIndex = -1;
  walk.reason = '';
  walk.failedIndex = -1;

  let index = first;
  for (; index < count && at < pauseAt; index++) {
    if (at >= end) return failed(index, Malformed.missing);
    const length = varint(bytes, at, end);
    if (next < 0) return failed(index, Malformed.varint);
    if (length < 0 || length > end - next) return failed(index, Malformed.length);
    const recordEnd = next + length;

    // Behind the length come the attributes, which mean nothing.
    const timestampDelta = varlong(bytes, next + 1, recordEnd);
    if (next < 0) return failed(index, Malformed.varint);
    if (maxIndex < 0) {
      minDelta = maxDelta = timestampDelta;
      maxIndex = index;
    } else if (timestampDelta > maxDelta) {
      maxDelta = timestampDelta;
      maxIndex = index;
    } else if (timestampDelta < minDelta) minDelta = timestampDelta;

    const offsetDelta = varint(bytes, next, recordEnd);
    if (next < 0) return failed(index, Malformed.varint);
    if (offsetDelta !== index) return failed(index, Malformed.offsetDelta);

    const keyLength = varint(bytes, next, recordEnd);
    if (next < 0) return failed(index, Malformed.varint);
    const keyAt = next;
    if (keyLength < 0) {
      if (nullKeys++ === 0) firstNullKey = index;
    } else if (keyLength > recordEnd - next) return failed(index, Malformed.field);
    else next += keyLength;

    const valueLength = varint(bytes, next, recordEnd);
    if (next < 0) return failed(index, Malformed.varint);
    const valueAt = next;
    if (valueLength > recordEnd - next) return failed(index, Malformed.field);
    if (valueLength > 0) next += valueLength;

    const headers = varint(bytes, next, recordEnd);
    if (next < 0) return failed(index, Malformed.varint);
    if (headers !== 0 && !walkHeaders(bytes, next, recordEnd, headers)) return failed(index, walk.reason);
    if (next !== recordEnd) return failed(index, Malformed.size);
    at = recordEnd;
    if (visitor !== undefined) visitor(index, timestampDelta, keyAt, keyLength, valueAt, valueLength);
  }

  walk.nullKeys = nullKeys;
  walk.firstNullKey = firstNullKey;
  walk.minTimestampDelta = minDelta;
  walk.maxTimestampDelta = maxDelta;
  walk.maxTimestampIndex = maxIndex;
  walk.end = at;
  walk.walked = index;
  return at === end || index < count ? walk : failed(count, Malformed.trailing);
}

/** Moves `next` behind the headers, or answers false with the reason in `walk`. */
function walkHeaders(bytes: Buffer, at: number, recordEnd: number, count: number): boolean {
  // A header takes two bytes at least.
  if (count < 0 || count > (recordEnd - at) >> 1) return refuse(Malformed.headers);
  if (count > MAX_RECORD_HEADERS) return refuse(Malformed.tooManyHeaders);
  for (let i = 0; i < count; i++) {
    const keyLength = varint(bytes, at, recordEnd);
    if (next < 0) return refuse(Malformed.varint);
    if (keyLength < 0) return refuse(Malformed.headerKey);
    if (keyLength > recordEnd - next) return refuse(Malformed.field);
    const valueLength = varint(bytes, next + keyLength, recordEnd);
    if (next < 0) return refuse(Malformed.varint);
    if (valueLength > recordEnd - next) return refuse(Malformed.field);
    at = valueLength > 0 ? next + valueLength : next;
  }
  next = at;
  return true;
}

/** Nearly every number in a record is one or two bytes long: only longer ones are read by record.ts. */
function varint(bytes: Buffer, at: number, end: number): number {
  if (at < end) {
    const first = bytes[at];
    if (first < 0x80) {
      next = at + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    if (at + 1 < end && bytes[at + 1] < 0x80) {
      next = at + 2;
      return (((first & 0x7f) | (bytes[at + 1] << 7)) >>> 1) ^ -(first & 1);
    }
  }
  const value = readVarint(bytes, at, end, cursor);
  next = cursor.next;
  return value;
}

function varlong(bytes: Buffer, at: number, end: number): number {
  if (at < end && bytes[at] < 0x80) {
    next = at + 1;
    return (bytes[at] >>> 1) ^ -(bytes[at] & 1);
  }
  const value = readVarlong(bytes, at, end, cursor);
  next = cursor.next;
  return value;
}

function refuse(reason: string): boolean {
  walk.reason = reason;
  return false;
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
