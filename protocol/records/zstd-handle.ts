/**
 * Node's zstd with one decompressor for all batches. `zstdDecompressSync` makes one for each, and each counts its window
 * (2 MiB with what Java's producers write) as memory of the heap for a moment, so that V8 collects the whole heap every
 * two hundred batches. Node offers no other way to decompress at once, so that this uses what `zstdDecompressSync` itself
 * does; where that is not there, or the bytes are unusual, the answer is null.
 */
import * as zlib from 'node:zlib';
import { BadCompression, BoundedOutput, DecompressedTooLarge } from './bounded-output.ts';

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
  onerror: (message: string) => void;
}

interface Decompressor {
  readonly handle: Handle;
  /** After each write: how much room is left for output, and how much input. */
  readonly left: Uint32Array;
}

const MAGIC = 0xfd2fb528;
/** A window is kept for the next batch, so that a larger one than compressors choose by themselves is not taken. */
const MAX_WINDOW = 8 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

let decompressor: Decompressor | null = null;

/** Throws as `decompress`; null where this is nothing for the shared decompressor, which says nothing of the bytes. */
export function decompressByHandle(input: Buffer, maxBytes: number, room: Buffer | null): Buffer | null {
  if (!areWholeFrames(input)) return null;
  decompressor ??= open();
  if (decompressor === null) return null;
  const { handle, left } = decompressor;
  let failure: string | null = null;
  handle.onerror = (message) => (failure = message);
  const output = new BoundedOutput(input.length * 3, maxBytes + 1, room);
  let at = 0;
  do {
    const end = output.room(PIECE_BYTES);
    if (end === output.length) {
      decompressor = null; // it stands within the frame
      throw new DecompressedTooLarge(maxBytes);
    }
    handle.writeSync(
      zlib.constants.ZSTD_e_continue,
      input,
      at,
      input.length - at,
      output.bytes,
      output.length,
      end - output.length,
    );
    if (failure !== null) {
      decompressor = null;
      throw new BadCompression(`The records cannot be decompressed: ${failure as string}`);
    }
    output.length = end - left[0];
    at = input.length - left[1];
  } while (left[0] === 0 || left[1] > 0);
  if (output.length > maxBytes) throw new DecompressedTooLarge(maxBytes);
  return output.bytes.subarray(0, output.length);
}

function open(): Decompressor | null {
  const stream = zlib.createZstdDecompress() as unknown as { _handle?: Partial<Handle>; _writeState?: unknown };
  const { _handle: handle, _writeState: left } = stream;
  if (typeof handle?.writeSync !== 'function' || !(left instanceof Uint32Array)) return null;
  return { handle: handle as Handle, left };
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

/** Where the frame at `at` ends (RFC 8878, 3.1.1); -1 for what is no frame, unfinished or has a large window. */
function frameEnd(bytes: Buffer, at: number): number {
  if (at + 9 > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return -1;
  const descriptor = bytes[at + 4];
  const sizeFlag = descriptor >> 6;
  const singleSegment = (descriptor & 0x20) !== 0;
  at += 5;
  if (singleSegment) {
    // Its content is its window. A size of one or two bytes is always small enough.
    if (sizeFlag > 1 && bytes.readUInt32LE(at) > MAX_WINDOW) return -1;
    if (sizeFlag === 3) return -1;
  } else {
    const window = bytes[at++];
    if (2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8) > MAX_WINDOW) return -1;
  }
  at += sizeFlag === 0 ? Number(singleSegment) : 1 << sizeFlag;
  if ((descriptor & 3) !== 0) return -1; // it wants a dictionary
  for (let last = false; !last;) {
    if (at + 3 > bytes.length) return -1;
    const header = bytes.readUIntLE(at, 3);
    last = (header & 1) !== 0;
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3); // a block of one byte repeated (type 1) holds that byte
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4);
}
