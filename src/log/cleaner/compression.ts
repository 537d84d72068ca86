/** Compression of large batches beside the event loop, where Node has threads for the codec (gzip, zstd). */
import * as zlib from 'node:zlib';
import * as batch from '../../../protocol/records/batch.ts';
import { DecompressedTooLarge } from '../../../protocol/records/bounded-output.ts';
import {
  BadCompression,
  canCompressZstd,
  codecs,
  compress,
  type Codec,
} from '../../../protocol/records/compression.ts';
import { DEFAULT_MAX_DECOMPRESSED_BYTES, recordBytes } from '../../../protocol/records/decode.ts';

interface Limit {
  readonly maxOutputLength?: number;
}
type Done = (error: Error | null, output: Buffer) => void;
type Threaded = (input: Buffer, limit: Limit, done: Done) => void;

const threads: Readonly<Partial<Record<Codec, { readonly compress: Threaded; readonly decompress: Threaded }>>> = {
  gzip: {
    compress: (input, limit, done) => zlib.gzip(input, limit, done),
    decompress: (input, limit, done) => zlib.gunzip(input, limit, done),
  },
  ...(canCompressZstd() && {
    zstd: {
      compress: (input: Buffer, limit: Limit, done: Done) => zlib.zstdCompress(input, limit, done),
      decompress: (input: Buffer, limit: Limit, done: Done) => zlib.zstdDecompress(input, limit, done),
    },
  }),
};

/** Whether Node has threads for the codec; with the others the loop has to do it. */
export function hasThreads(codec: Codec): boolean {
  return threads[codec] !== undefined;
}

/** As `recordBytes`; `bytes` must not change meanwhile. */
export async function recordBytesLater(bytes: Buffer, at: number): Promise<Buffer> {
  const decompress = threads[codecs[batch.compressionOf(batch.attributes(bytes, at))]]?.decompress;
  if (decompress === undefined) return recordBytes(bytes, at);
  const stored = bytes.subarray(at + batch.BATCH_OVERHEAD, at + batch.sizeInBytes(bytes, at));
  try {
    return await run(decompress, stored, { maxOutputLength: DEFAULT_MAX_DECOMPRESSED_BYTES });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new DecompressedTooLarge(DEFAULT_MAX_DECOMPRESSED_BYTES);
    throw new BadCompression(`The records cannot be decompressed: ${message}`, { cause: error });
  }
}

/** As `compress`; `bytes` must not change meanwhile. */
export async function compressLater(codec: Codec, bytes: Buffer): Promise<Buffer> {
  const compressThere = threads[codec]?.compress;
  return compressThere === undefined ? compress(codec, bytes) : run(compressThere, bytes, {});
}

function run(there: Threaded, input: Buffer, limit: Limit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    there(input, limit, (error, output) => (error === null ? resolve(output) : reject(error)));
  });
}
