/**
 * The codecs a record batch may be compressed with. gzip and zstd are Node's own (zstd.ts reads where Node is older
 * than 22.15), snappy and LZ4 are written here, since no Node has them and native add-ons must be built.
 */
import * as zlib from 'node:zlib';
import {
  BadCompression,
  BoundedOutput,
  DecompressedTooLarge,
  unfoldWhole,
  type OutputWatch,
  type Unfolding,
} from './bounded-output.ts';
import { unfoldGzip } from './inflate.ts';
import { compressLz4, decompressLz4, packLz4, unfoldLz4 } from './lz4.ts';
import { gunzip, unpackZstd } from './node-decompressor.ts';
import { compressSnappy, decompressSnappy, packSnappy, unfoldSnappy } from './snappy.ts';
import { decompressZstd, unfoldZstd } from './zstd.ts';

export { BadCompression, DecompressedTooLarge } from './bounded-output.ts';

/** In the order of their ids in the attributes of a batch. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type Codec = (typeof codecs)[number];

export function codecId(codec: Codec): number {
  return codecs.indexOf(codec);
}

/** Whether `compress` can write zstd here (Node 22.15 and later); reading it always works. */
export function canCompressZstd(): boolean {
  return typeof zlib.zstdCompressSync === 'function';
}

/** As Kafka's producers compress: the bytes of the records behind the batch header. `level` for gzip and zstd. */
export function compress(codec: Codec, bytes: Uint8Array, level?: number): Buffer {
  const input = asBuffer(bytes);
  switch (codec) {
    case 'none':
      return input;
    case 'gzip':
      return zlib.gzipSync(input, level === undefined ? {} : { level });
    case 'snappy':
      return compressSnappy(input);
    case 'lz4':
      return compressLz4(input);
    case 'zstd': {
      if (!canCompressZstd()) throw new Error(NO_ZSTD);
      return zlib.zstdCompressSync(input, { params: zstdParams(level) });
    }
  }
}

/** Work for a thread of Node's: whoever drives the pieces starts it, and goes on when it is done. */
export type ThreadedPiece = (done: () => void) => void;

/**
 * The same in pieces; gzip and zstd in a thread of Node's. Answers DecompressedTooLarge, or what else
 * is wrong, where no more than `maxBytes` are of use.
 */
export function* compressInPieces(
  codec: Codec,
  bytes: Buffer,
  level: number | undefined,
  maxBytes: number,
): Generator<ThreadedPiece | undefined, Buffer | Error> {
  if (codec === 'none') return bytes;
  if (codec === 'snappy') return yield* packSnappy(bytes);
  if (codec === 'lz4') return yield* packLz4(bytes);
  if (codec === 'zstd' && !canCompressZstd()) return new Error(NO_ZSTD);
  let packed: Buffer | Error = new Error('nothing was compressed');
  yield (resolve) => {
    const done = (error: NodeJS.ErrnoException | null, output: Buffer): void => {
      if (error === null) packed = output;
      else packed = error.code === 'ERR_BUFFER_TOO_LARGE' ? new DecompressedTooLarge(maxBytes) : error;
      resolve();
    };
    const limits = { maxOutputLength: Math.max(1, maxBytes) };
    if (codec === 'gzip') zlib.gzip(bytes, { ...limits, ...(level === undefined ? {} : { level }) }, done);
    else zlib.zstdCompress(bytes, { ...limits, params: zstdParams(level) }, done);
  };
  return packed;
}

const NO_ZSTD = 'Writing zstd needs Node 22.15 or later; choose another compression';

function zstdParams(level: number | undefined): Record<number, number> {
  return level === undefined ? {} : { [zlib.constants.ZSTD_c_compressionLevel]: level };
}

/**
 * The records as they were before compression. Throws BadCompression for bytes the codec did not write, and its
 * DecompressedTooLarge before more than `maxBytes` come out. The result may lie in `room`, for whoever looks at it and is
 * done: fresh memory for each batch a producer sends is what a broker's memory would grow by. A `watch` sees the bytes as they
 * come, and takes time: gzip and zstd are not Node's then.
 */
export function decompress(
  codec: Codec,
  bytes: Uint8Array,
  maxBytes: number,
  room: Buffer | null = null,
  watch: OutputWatch | null = null,
): Buffer {
  const input = asBuffer(bytes);
  switch (codec) {
    case 'none':
      if (input.length > maxBytes) throw new DecompressedTooLarge(maxBytes);
      return input;
    case 'gzip':
      if (watch !== null) return inflateGzip(input, maxBytes, watch);
      return gunzip(input, maxBytes, room) ?? byNode('gunzipSync', input, maxBytes);
    case 'snappy':
      return decompressSnappy(input, maxBytes, room, watch);
    case 'lz4':
      return decompressLz4(input, maxBytes, room, watch);
    case 'zstd':
      if (watch !== null || !canCompressZstd()) return decompressZstd(input, maxBytes, watch);
      return unpackZstd(input, maxBytes, room) ?? byNode('zstdDecompressSync', input, maxBytes);
  }
}

function inflateGzip(input: Buffer, maxBytes: number, watch: OutputWatch): Buffer {
  const output = new BoundedOutput(input.length * 3, maxBytes, null, watch);
  return unfoldWhole(unfoldGzip(input, output), output);
}

/** The same in pieces: each turn leaves a little more in `output`. Throws as `decompress`. */
export function unfold(codec: Codec, bytes: Uint8Array, output: BoundedOutput): Unfolding {
  const input = asBuffer(bytes);
  switch (codec) {
    case 'none':
      throw new Error('there is nothing to unfold where nothing is compressed');
    case 'gzip':
      return unfoldGzip(input, output);
    case 'snappy':
      return unfoldSnappy(input, output);
    case 'lz4':
      return unfoldLz4(input, output);
    case 'zstd':
      return unfoldZstd(input, output);
  }
}

function byNode(name: 'gunzipSync' | 'zstdDecompressSync', input: Buffer, maxBytes: number): Buffer {
  try {
    const output = zlib[name](input, { maxOutputLength: Math.max(1, maxBytes) }); // Node takes no 0
    if (output.length <= maxBytes) return output;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new DecompressedTooLarge(maxBytes);
    throw new BadCompression(`The records cannot be decompressed: ${message}`, { cause: error });
  }
  throw new DecompressedTooLarge(maxBytes);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
