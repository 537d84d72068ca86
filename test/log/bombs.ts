/** Small compressed batches that unfold to very much, in every codec: the first bytes as given, then zeros. */
import { constants, deflateRawSync } from 'node:zlib';
import * as batch from '../../protocol/records/batch.ts';
import { codecId } from '../../protocol/records/compression.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { compressLz4 } from '../../protocol/records/lz4.ts';
import { compressSnappy } from '../../protocol/records/snappy.ts';
import { sizeOfVarint, writeVarint } from '../../protocol/records/record.ts';

export type BombCodec = 'gzip' | 'snappy' | 'lz4' | 'zstd';

interface Pieces {
  readonly start: Buffer;
  /** What holds `bytes` and can be followed by others. */
  readonly piece: (bytes: Buffer) => Buffer;
  readonly zeros: { readonly packed: Buffer; readonly size: number };
  readonly end: Buffer;
}

const LZ4_HEADER = 7;
const LZ4_END = 4;
const SNAPPY_HEADER = 16;
const ZSTD_BLOCK = 128 * 1024;

function piecesOf(codec: BombCodec): Pieces {
  switch (codec) {
    case 'gzip': {
      const piece = (bytes: Buffer) => deflateRawSync(bytes, { finishFlush: constants.Z_FULL_FLUSH });
      const start = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
      return { start, piece, zeros: packed(piece, 1024 * 1024), end: Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]) };
    }
    case 'lz4': {
      const empty = compressLz4(Buffer.alloc(1));
      const piece = (bytes: Buffer) => compressLz4(bytes).subarray(LZ4_HEADER, -LZ4_END);
      return {
        start: empty.subarray(0, LZ4_HEADER),
        piece,
        zeros: packed(piece, 64 * 1024),
        end: Buffer.alloc(LZ4_END),
      };
    }
    case 'snappy': {
      const piece = (bytes: Buffer) => compressSnappy(bytes).subarray(SNAPPY_HEADER);
      const start = compressSnappy(Buffer.alloc(1)).subarray(0, SNAPPY_HEADER);
      return { start, piece, zeros: packed(piece, 32 * 1024), end: Buffer.alloc(0) };
    }
    case 'zstd': {
      const piece = (bytes: Buffer) => Buffer.concat([zstdHeader(bytes.length, 0, false), bytes]);
      const zeros = { packed: Buffer.concat([zstdHeader(ZSTD_BLOCK, 1, false), Buffer.alloc(1)]), size: ZSTD_BLOCK };
      const start = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x50]); // a window of 1 MiB
      return { start, piece, zeros, end: Buffer.concat([zstdHeader(0, 0, true)]) };
    }
  }
}

function packed(piece: (bytes: Buffer) => Buffer, size: number): Pieces['zeros'] {
  return { packed: piece(Buffer.alloc(size)), size };
}

function zstdHeader(size: number, type: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
  return header;
}

/** A record's beginning: `size` is what it declares. Its value is what follows. */
function recordStart(size: number): Buffer {
  const valueLength = Math.max(0, size - 16);
  const fields = Buffer.alloc(4 + sizeOfVarint(valueLength));
  fields[3] = 1; // no key
  writeVarint(fields, 4, valueLength);
  const length = Buffer.alloc(sizeOfVarint(size));
  writeVarint(length, 0, size);
  return Buffer.concat([length, fields]);
}

function batchOf(codec: BombCodec, body: Buffer, count: number): Buffer {
  const bytes = Buffer.concat([encodeBatch({ records: [] }), body]);
  bytes.writeInt32BE(count - 1, batch.BatchField.lastOffsetDelta);
  bytes.writeInt32BE(count, batch.BatchField.recordCount);
  batch.setCompression(bytes, 0, codecId(codec));
  return bytes;
}

/** One record that declares `size` bytes, and as many zeros behind it, as far as `maxBytes` of compressed bytes can hold them. */
export function bombOfOneRecord(codec: BombCodec, size: number, maxBytes: number): Buffer {
  const { start, piece, zeros, end } = piecesOf(codec);
  const times = Math.floor(Math.min(size / zeros.size, maxBytes / zeros.packed.length));
  const body = Buffer.concat([
    start,
    piece(recordStart(Math.min(size, 2 ** 31 - 1))),
    ...fill(zeros.packed, times),
    end,
  ]);
  return batchOf(codec, body, 1);
}

/** Records that declare about `size` bytes each, and have them: `total` bytes, as far as `maxBytes` can hold them. */
export function bombOfRecords(codec: BombCodec, size: number, total: number, maxBytes: number): Buffer {
  const { start, piece, zeros, end } = piecesOf(codec);
  const head = recordStart(size);
  const zerosEach = Math.floor((size - head.length) / zeros.size);
  const rest = Buffer.alloc(size - zerosEach * zeros.size - (head.length - sizeOfVarint(size)));
  const record = Buffer.concat([piece(head), ...fill(zeros.packed, zerosEach), piece(rest)]);
  const count = Math.floor(Math.min(total / size, maxBytes / record.length));
  return batchOf(codec, Buffer.concat([start, ...fill(record, count), end]), count);
}

function fill(bytes: Buffer, times: number): Buffer[] {
  return Array.from({ length: times }, () => bytes);
}
