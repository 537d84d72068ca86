/**
 * One record inside a batch (magic 2): its shape, and the variable-length integers (zigzag, base 128) it is made of.
 *
 *     length varint | attributes int8 | timestampDelta varlong | offsetDelta varint | key | value | headers
 *
 * Key and value are a varint length (-1: null) and bytes; headers are a varint count, then key and value each.
 */

/**
 * What a record may have of headers. Kafka has no such limit and builds an object for each, so a batch of some kilobytes, which
 * may hold 60 million, ends whatever consumer reads it; a real record has a few dozen.
 */
export const MAX_RECORD_HEADERS = 1 << 16;

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** A record to be written. `timestamp` in milliseconds since 1970. */
export interface RecordDraft {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
  readonly timestamp: number;
  /** Only for a batch with gaps, as compaction leaves them; otherwise the place in the batch. */
  readonly offsetDelta?: number;
}

/** A record as read; key, value and header values are views on the (decompressed) bytes. */
export interface Record {
  readonly offset: number;
  /** The batch's append time where the batch has LogAppendTime. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

const TWO_TO_32 = 0x1_0000_0000;

/** Bytes that `value` (int32) takes as a varint. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** Writes an int32 as a varint; answers the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag >= 0x80) {
    bytes[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  bytes[at++] = zigzag;
  return at;
}

/** Bytes that `value` (a safe integer) takes as a varlong. */
export function sizeOfVarlong(value: number): number {
  if (value === (value | 0)) return sizeOfVarint(value);
  let size = 5;
  // Five bytes hold 35 bits, that is, from -2^34 up to 2^34 - 1; each byte more holds seven bits more.
  for (let limit = 2 ** 34; value >= limit || value < -limit; limit *= 128) size++;
  return size;
}

/** Writes a safe integer as a varlong; answers the position behind it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value);
  const valueHigh = Math.floor(value / TWO_TO_32) | 0;
  const valueLow = (value - Math.floor(value / TWO_TO_32) * TWO_TO_32) | 0;
  const sign = valueHigh >> 31;
  let low = ((valueLow << 1) ^ sign) >>> 0;
  let high = (((valueHigh << 1) | (valueLow >>> 31)) ^ sign) >>> 0;
  while (high !== 0 || low >= 0x80) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[at++] = low;
  return at;
}

/** Where a read varint ended: the position behind it, or -1 when it runs out of bytes or is too long. */
export interface Cursor {
  next: number;
}

/** Reads an int32 varint that must end before `end`; a failed one is 0 with `cursor.next` -1. */
export function readVarint(bytes: Uint8Array, at: number, end: number, cursor: Cursor): number {
  let zigzag = 0;
  for (let shift = 0; shift < 35 && at < end; shift += 7) {
    const byte = bytes[at++];
    zigzag |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.next = at;
      return (zigzag >>> 1) ^ -(zigzag & 1);
    }
  }
  cursor.next = -1;
  return 0;
}

/** Reads a 64-bit varlong as a number, saturating at ±(2^53-1); fails as readVarint does. */
export function readVarlong(bytes: Uint8Array, at: number, end: number, cursor: Cursor): number {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70 && at < end; shift += 7) {
    const byte = bytes[at++];
    const bits = byte & 0x7f;
    if (shift < 32) low |= bits << shift;
    if (shift >= 32) high |= bits << (shift - 32);
    else if (shift === 28) high = bits >>> 4;
    if (byte < 0x80) {
      cursor.next = at;
      return int53FromZigzag(low, high);
    }
  }
  cursor.next = -1;
  return 0;
}

function int53FromZigzag(low: number, high: number): number {
  const sign = -(low & 1);
  const valueLow = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
  const valueHigh = (high >>> 1) ^ sign;
  if (valueHigh >= 0x20_0000) return Number.MAX_SAFE_INTEGER;
  return Math.max(valueHigh * TWO_TO_32 + valueLow, -Number.MAX_SAFE_INTEGER);
}
