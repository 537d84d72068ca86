/**
 * Node's gzip and zstd, each with one decompressor for all batches. `gunzipSync` and `zstdDecompressSync` make one for each,
 * whose memory (a window of 2 MiB with what Java's producers write by zstd) counts as the heap's for a moment, so that V8
 * collects the whole heap every two hundred batches. Node offers no other way to decompress at once, so that this uses what
 * those two use; where that is not there, or the bytes are unusual, the answer is null.
 */
import * as zlib from 'node:zlib';
import { BadCompression, BoundedOutput, DecompressedTooLarge } from './bounded-output.ts';
import { MAGIC, readFrameHeader, type FrameHeader } from './zstd.ts';

/** The native part of a stream of node:zlib, as far as it is used. */
interface Handle {
  writeSync(
    flush: number,
    input: Buffer,
    from: number,
    inputBytes: number,
    output: Buffer,
    at: number,
    room: number,
  ): void;
  reset(): void;
  /** Called within writeSync and reset. */
  onerror: (message: string) => void;
}

/** As node:zlib's streams have it beside their documented members. */
interface Internals {
  readonly _handle?: Partial<Handle>;
  /** After each write: how much room is left for output, and how much input. */
  readonly _writeState?: unknown;
}

/** A window is kept for the next batch, so that a larger one than compressors choose by themselves is not taken. */
const MAX_WINDOW = 8 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

class Decompressor {
  readonly #open: () => Internals;
  readonly #flush: number;
  readonly #resets: boolean;
  /** Null before the first batch, and after one that left it within a frame. */
  #handle: Handle | null = null;
  #left: Uint32Array = new Uint32Array(2);
  #failure: string | null = null;

  /** `flush` as Node's own has it; `resets`: it does not stand at a begin by itself behind the end of what it read. */
  constructor(open: () => Internals, flush: number, resets: boolean) {
    this.#open = open;
    this.#flush = flush;
    this.#resets = resets;
  }

  /** Throws as `decompress` of compression.ts; null where this Node has it otherwise. */
  decompress(input: Buffer, maxBytes: number, room: Buffer | null): Buffer | null {
    const handle = this.#handle ?? this.#opened();
    if (handle === null) return null;
    this.#handle = null;
    const output = new BoundedOutput(input.length * 3, maxBytes + 1, room);
    const left = this.#left;
    let at = 0;
    left[0] = 0;
    for (let before = -1; left[0] === 0 || (left[1] > 0 && at > before);) {
      const end = output.room(PIECE_BYTES);
      if (end === output.length) throw new DecompressedTooLarge(maxBytes);
      before = at;
      handle.writeSync(this.#flush, input, at, input.length - at, output.bytes, output.length, end - output.length);
      this.#throwFailure();
      output.length = end - left[0];
      at = input.length - left[1];
    }
    if (output.length > maxBytes) throw new DecompressedTooLarge(maxBytes);
    if (this.#resets) handle.reset();
    this.#throwFailure();
    this.#handle = handle;
    return output.bytes.subarray(0, output.length);
  }

  #opened(): Handle | null {
    const { _handle: handle, _writeState: left } = this.#open();
    if (typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function') return null;
    if (!(left instanceof Uint32Array)) return null;
    this.#left = left;
    const onerror = (message: string): void => void (this.#failure = message);
    return Object.assign(handle as Handle, { onerror });
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === null) return;
    this.#failure = null;
    throw new BadCompression(`The records cannot be decompressed: ${failure}`);
  }
}

const gzip = new Decompressor(() => zlib.createGunzip() as Internals, zlib.constants.Z_FINISH, true);
const zstd = new Decompressor(() => zlib.createZstdDecompress() as Internals, zlib.constants.ZSTD_e_end, false);

export function gunzip(input: Buffer, maxBytes: number, room: Buffer | null): Buffer | null {
  return gzip.decompress(input, maxBytes, room);
}

/** Null, too, for what is not whole frames with windows of usual sizes. */
export function unpackZstd(input: Buffer, maxBytes: number, room: Buffer | null): Buffer | null {
  return areWholeFrames(input) ? zstd.decompress(input, maxBytes, room) : null;
}

/**
 * Whether the bytes are whole frames from the first to the last, so that the decompressor stands at a frame's begin again,
 * each with a window that may be kept.
 */
function areWholeFrames(bytes: Buffer): boolean {
  let at = 0;
  while (at >= 0 && at < bytes.length) at = frameEnd(bytes, at);
  return at > 0 && at === bytes.length;
}

/** Where the frame at `at` ends; -1 for what is no frame, unfinished or has a large window. */
function frameEnd(bytes: Buffer, at: number): number {
  if (at + 8 > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return -1;
  const header = headerAt(bytes, at + 4);
  if (header === null || header.window > MAX_WINDOW) return -1;
  at = header.end;
  for (let last = false; !last;) {
    if (at + 3 > bytes.length) return -1;
    const block = bytes.readUIntLE(at, 3);
    last = (block & 1) !== 0;
    at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3); // a block of one byte repeated (type 1) holds that byte
  }
  return header.hasChecksum ? at + 4 : at;
}

function headerAt(bytes: Buffer, at: number): FrameHeader | null {
  try {
    return readFrameHeader(bytes, at);
  } catch (error) {
    if (!(error instanceof BadCompression)) throw error;
    return null;
  }
}
