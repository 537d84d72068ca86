/** Record batches whose few bytes unfold into many, as no honest encoder writes them. */
import { zstdCompressSync, constants } from 'node:zlib';
import * as batch from '../../protocol/records/batch.ts';
import { codecId } from '../../protocol/records/compression.ts';

const NO_PRODUCER = -1;

/** One batch around records that are given as compressed bytes. */
export function batchOf(packed: Uint8Array, count: number): Buffer {
  const bytes = Buffer.alloc(batch.BATCH_OVERHEAD + packed.length);
  const now = BigInt(Date.now());
  const { BatchField: field } = batch;
  bytes.writeInt32BE(bytes.length - batch.LOG_OVERHEAD, field.batchLength);
  bytes[field.magic] = batch.CURRENT_MAGIC;
  bytes.writeInt16BE(codecId('zstd'), field.attributes);
  bytes.writeInt32BE(count - 1, field.lastOffsetDelta);
  bytes.writeBigInt64BE(now, field.baseTimestamp);
  bytes.writeBigInt64BE(now, field.maxTimestamp);
  bytes.writeBigInt64BE(BigInt(NO_PRODUCER), field.producerId);
  bytes.writeInt16BE(NO_PRODUCER, field.producerEpoch);
  bytes.writeInt32BE(NO_PRODUCER, field.baseSequence);
  bytes.writeInt32BE(count, field.recordCount);
  bytes.set(packed, batch.BATCH_OVERHEAD);
  batch.setCrc(bytes, 0);
  return bytes;
}

export function zstd(bytes: Uint8Array): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 9 } });
}

/** A record with so many headers, each with an empty key and an empty value: two bytes each. */
export function manyHeaders(headers: number): Buffer {
  const head = Buffer.concat([Buffer.of(0, 0, 0, 1, 0), varint(headers)]);
  return Buffer.concat([varint(head.length + 2 * headers), head, Buffer.alloc(2 * headers)]);
}

/** A record with one value of so many zeros. */
export function bigValue(bytes: number): Buffer {
  const head = Buffer.concat([Buffer.of(0, 0, 0, 1), varint(bytes)]);
  return Buffer.concat([varint(head.length + bytes + 1), head, Buffer.alloc(bytes + 1)]);
}

/** So many records without key and value. */
export function manyRecords(count: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < count; at++) {
    const delta = varint(at);
    records.push(Buffer.concat([varint(delta.length + 5), Buffer.of(0, 0), delta, Buffer.of(1, 1, 0)]));
  }
  return Buffer.concat(records);
}

/** Zigzag, as records have them; for numbers from 0 on. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
