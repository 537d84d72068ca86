/**
 * The codecs a record batch may be compressed with.
 */
import * as zlib from 'node:zlib';

/** In the order of their ids in the attributes of a batch. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type Codec = (typeof codecs)[number];

export function codecId(codec: Codec): number {
  return codecs.indexOf(codec);
}

export function compress(codec: Codec, bytes: Uint8Array): Buffer {
  if (codec === 'gzip') return zlib.gzipSync(bytes);
  if (codec === 'none') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  throw new Error(`No ${codec} compression yet`);
}
