/**
 * A record batch (magic 2, KIP-98) seen where it lies: every function takes the bytes and the position of the batch
 * and reads or writes one field in place. No objects, no copies, no BigInt: the produce and fetch paths live on this.
 * The readers trust the caller to have checked that BATCH_OVERHEAD bytes are there (see batchEnd).
 *
 *      0 baseOffset int64     16 magic int8           27 baseTimestamp int64   51 producerEpoch int16
 *      8 batchLength int32    17 crc uint32           35 maxTimestamp int64    53 baseSequence int32
 *     12 leaderEpoch int32    21 attributes int16     43 producerId int64      57 recordCount int32
 *                             23 lastOffsetDelta int32                         61 records
 *
 * The CRC covers everything from the attributes on, so base offset and leader epoch may be written without it.
 */
import { crc32c } from './crc32c.ts';

/** Bytes of a batch before its first record. */
export const BATCH_OVERHEAD = 61;
/** Bytes in front of what batchLength counts: the base offset and the length itself. */
export const LOG_OVERHEAD = 12;
export const CURRENT_MAGIC = 2;

/** Where each field lies, from the start of the batch. */
export const BatchField = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
/** Set where baseTimestamp holds the delete horizon (KIP-534). */
export const DELETE_HORIZON = 0x40;

const TWO_TO_32 = 0x1_0000_0000;
const MAX_INT32 = 0x7fff_ffff;

export function baseOffset(bytes: Buffer, at: number): number {
  return readInt53(bytes, at);
}

/** Bytes after the length field itself; sizeInBytes is the whole. */
export function batchLength(bytes: Buffer, at: number): number {
  return readInt32(bytes, at + BatchField.batchLength);
}

export function sizeInBytes(bytes: Buffer, at: number): number {
  return LOG_OVERHEAD + batchLength(bytes, at);
}

export function leaderEpoch(bytes: Buffer, at: number): number {
  return readInt32(bytes, at + BatchField.leaderEpoch);
}

/** 0 and 1 mark the message sets of old (legacy.ts), whose magic lies at this same place. */
export function magic(bytes: Buffer, at: number): number {
  return (bytes[at + BatchField.magic] << 24) >> 24;
}

/** The CRC-32C written in the batch, as uint32. */
export function crc(bytes: Buffer, at: number): number {
  return readInt32(bytes, at + BatchField.crc) >>> 0;
}

export function attributes(bytes: Buffer, at: number): number {
  return readInt16(bytes, at + BatchField.attributes);
}

export function lastOffsetDelta(bytes: Buffer, at: number): number {
  return readInt32(bytes, at + BatchField.lastOffsetDelta);
}

export function lastOffset(bytes: Buffer, at: number): number {
  return baseOffset(bytes, at) + lastOffsetDelta(bytes, at);
}

/** The offset of the batch that follows. */
export function nextOffset(bytes: Buffer, at: number): number {
  return lastOffset(bytes, at) + 1;
}

/** Milliseconds since 1970; in a batch with a delete horizon this field holds the horizon (KIP-534). */
export function baseTimestamp(bytes: Buffer, at: number): number {
  return readInt53(bytes, at + BatchField.baseTimestamp);
}

export function maxTimestamp(bytes: Buffer, at: number): number {
  return readInt53(bytes, at + BatchField.maxTimestamp);
}

/** -1 where the producer is neither idempotent nor transactional. */
export function producerId(bytes: Buffer, at: number): number {
  return readInt53(bytes, at + BatchField.producerId);
}

export function producerEpoch(bytes: Buffer, at: number): number {
  return readInt16(bytes, at + BatchField.producerEpoch);
}

export function baseSequence(bytes: Buffer, at: number): number {
  return readInt32(bytes, at + BatchField.baseSequence);
}

/** Sequence number of the last record; sequence numbers go from 2^31-1 on to 0. -1 where there are none. */
export function lastSequence(bytes: Buffer, at: number): number {
  const first = baseSequence(bytes, at);
  return first < 0 ? first : addToSequence(first, lastOffsetDelta(bytes, at));
}

/** `sequence` moved on by `count`, going from 2^31-1 on to 0 as producers do. */
export function addToSequence(sequence: number, count: number): number {
  const sum = sequence + count;
  return sum > MAX_INT32 ? sum - MAX_INT32 - 1 : sum;
}

export function recordCount(bytes: Buffer, at: number): number {
  return readInt32(bytes, at + BatchField.recordCount);
}

/** The attribute id of the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 mean nothing yet. */
export function compressionOf(attributes: number): number {
  return attributes & COMPRESSION_MASK;
}

export function hasLogAppendTime(attributes: number): boolean {
  return (attributes & LOG_APPEND_TIME) !== 0;
}

export function isTransactional(attributes: number): boolean {
  return (attributes & TRANSACTIONAL) !== 0;
}

export function isControl(attributes: number): boolean {
  return (attributes & CONTROL) !== 0;
}

export function hasDeleteHorizon(attributes: number): boolean {
  return (attributes & DELETE_HORIZON) !== 0;
}

/** The attribute word for a batch to be written. */
export function attributesOf(
  compression: number,
  logAppendTime: boolean,
  transactional: boolean,
  control: boolean,
  deleteHorizon = false,
): number {
  return (
    (compression & COMPRESSION_MASK) |
    (logAppendTime ? LOG_APPEND_TIME : 0) |
    (transactional ? TRANSACTIONAL : 0) |
    (control ? CONTROL : 0) |
    (deleteHorizon ? DELETE_HORIZON : 0)
  );
}

/**
 * Where the batch at `at` ends, or -1 when a whole batch with a believable length does not lie before `end`.
 * Holds for the message sets of old too, whose offset and size lie at the same places.
 */
export function batchEnd(bytes: Buffer, at: number, end: number): number {
  if (at < 0 || end > bytes.length || end - at < BatchField.magic + 1) return -1;
  const length = batchLength(bytes, at);
  const shortest = magic(bytes, at) >= CURRENT_MAGIC ? BATCH_OVERHEAD - LOG_OVERHEAD : MIN_LEGACY_LENGTH;
  return length < shortest || length > end - at - LOG_OVERHEAD ? -1 : at + LOG_OVERHEAD + length;
}

/** The least a magic 0 message can be: crc, magic, attributes, two lengths. */
const MIN_LEGACY_LENGTH = 14;

/** The CRC the batch ought to carry; the whole batch must be there. */
export function computeCrc(bytes: Buffer, at: number): number {
  return crc32c(bytes, at + BatchField.attributes, sizeInBytes(bytes, at) - BatchField.attributes);
}

export function isCrcValid(bytes: Buffer, at: number): boolean {
  return crc(bytes, at) === computeCrc(bytes, at);
}

export function setBaseOffset(bytes: Buffer, at: number, offset: number): void {
  writeInt53(bytes, at, offset);
}

export function setLeaderEpoch(bytes: Buffer, at: number, epoch: number): void {
  writeInt32(bytes, at + BatchField.leaderEpoch, epoch);
}

/**
 * Stamps the batch with the broker's time (message.timestamp.type=LogAppendTime, KIP-32): readers then take
 * `timestamp` for every record in it. The attributes are under the CRC, so it is written anew.
 */
export function setLogAppendTime(bytes: Buffer, at: number, timestamp: number): void {
  bytes[at + BatchField.attributes + 1] |= LOG_APPEND_TIME;
  writeInt53(bytes, at + BatchField.maxTimestamp, timestamp);
  setCrc(bytes, at);
}

/** Writes the CRC that fits the bytes as they are. */
/** For a batch whose records lie compressed by another codec now: its length and CRC follow. */
export function setCompression(bytes: Buffer, at: number, codec: number): void {
  const low = at + BatchField.attributes + 1;
  bytes[low] = (bytes[low] & ~COMPRESSION_MASK) | codec;
  writeInt32(bytes, at + BatchField.batchLength, bytes.length - at - LOG_OVERHEAD);
  setCrc(bytes, at);
}

export function setCrc(bytes: Buffer, at: number): void {
  writeInt32(bytes, at + BatchField.crc, computeCrc(bytes, at));
}

export function readInt16(bytes: Buffer, at: number): number {
  return ((bytes[at] << 24) >> 16) | bytes[at + 1];
}

export function readInt32(bytes: Buffer, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** A 64-bit integer as a number; what lies beyond ±(2^53-1) becomes that bound. */
export function readInt53(bytes: Buffer, at: number): number {
  const high = readInt32(bytes, at);
  const value = high * TWO_TO_32 + (readInt32(bytes, at + 4) >>> 0);
  if (high < 0x20_0000 && high >= -0x20_0000)
    return value < -Number.MAX_SAFE_INTEGER ? -Number.MAX_SAFE_INTEGER : value;
  return high < 0 ? -Number.MAX_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

export function writeInt16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function writeInt32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Writes a safe integer as 64 bits. */
export function writeInt53(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32);
  writeInt32(bytes, at, high);
  writeInt32(bytes, at + 4, value - high * TWO_TO_32);
}
