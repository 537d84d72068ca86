/**
 * The codecs a record batch may be compressed with. gzip and zstd are Node's own (zstd.ts reads where Node is older
 * than 22.15), snappy and LZ4 are written here, since no Node has them and native add-ons must be built.
 */
import * as zlib from 'node:zlib';
import { BadCompression, BoundedOutput, DecompressedTooLarge, type OutputWatch } from './bounded-output.ts';
import { inflateGzip } from './inflate.ts';
import { compressLz4, decompressLz4 } from './lz4.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';
import { decompressZstd } from './zstd.ts';

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
      if (!canCompressZstd()) throw new Error('Writing zstd needs Node 22.15 or later; choose another compression');
      const params = level === undefined ? {} : { [zlib.constants.ZSTD_c_compressionLevel]: level };
      return zlib.zstdCompressSync(input, { params });
    }
  }
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
      if (watch !== null) return inflateGzip(input, new BoundedOutput(input.length * 3, maxBytes, null, watch));
      return byNode('gunzipSync', input, maxBytes);
    case 'snappy':
      return decompressSnappy(input, maxBytes, room, watch);
    case 'lz4':
      return decompressLz4(input, maxBytes, room, watch);
    case 'zstd':
      if (watch !== null || !canCompressZstd()) return decompressZstd(input, maxBytes, watch);
      return byNode('zstdDecompressSync', input, maxBytes);
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
