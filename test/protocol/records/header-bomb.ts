/** One record with any number of empty headers: two bytes each, and next to nothing once they are compressed. */
import * as batch from '../../../protocol/records/batch.ts';
import { codecId, compress, type Codec } from '../../../protocol/records/compression.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import { sizeOfVarint, writeVarint } from '../../../protocol/records/record.ts';

export function batchOfHeaders(headers: number, key: Buffer | null, codec: Codec = 'none', timestamp = 0): Buffer {
  const records = compress(codec, recordOfHeaders(headers, key));
  const bytes = Buffer.concat([encodeBatch({ records: [] }), records]);
  bytes.writeInt32BE(0, batch.BatchField.lastOffsetDelta);
  bytes.writeInt32BE(1, batch.BatchField.recordCount);
  batch.writeInt53(bytes, batch.BatchField.baseTimestamp, timestamp);
  batch.writeInt53(bytes, batch.BatchField.maxTimestamp, timestamp);
  batch.setCompression(bytes, 0, codecId(codec));
  return bytes;
}

function recordOfHeaders(headers: number, key: Buffer | null): Buffer {
  const fields = Buffer.concat([
    Buffer.from([0, 0, 0]), // attributes, timestamp, offset
    varint(key === null ? -1 : key.length),
    key ?? Buffer.alloc(0),
    varint(-1), // no value
    varint(headers),
    Buffer.alloc(headers * 2),
  ]);
  return Buffer.concat([varint(fields.length), fields]);
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(sizeOfVarint(value));
  writeVarint(bytes, 0, value);
  return bytes;
}
