/** Frames: on a connection, a size of 32 bits stands before every request and response. Nothing here reads or waits. */
import { InvalidRequest } from './reader.ts';

export const SIZE_BYTES = 4;

/**
 * Where the frame at `at` ends (exclusive), its size counted in; -1 while not all of it lies before `end`. Throws
 * InvalidRequest as soon as its size is seen to be negative or above `maxBytes` (socket.request.max.bytes): before any
 * memory is taken for it. The hello of a TLS client reads as a size of about 350 MB, and ends here too.
 */
export function frameEnd(bytes: Buffer, at: number, end: number, maxBytes: number): number {
  if (end - at < SIZE_BYTES) return -1;
  const size = bytes.readInt32BE(at);
  if (size < 0 || size > maxBytes) {
    throw new InvalidRequest(
      `a frame of ${size} bytes is too large, ${maxBytes} may be: is this a Kafka client, and without TLS? Send less`,
    );
  }
  return size > end - at - SIZE_BYTES ? -1 : at + SIZE_BYTES + size;
}

/** One frame of these contents. */
export function frame(contents: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(SIZE_BYTES + contents.length); // most requests are small, and share a piece of memory
  bytes.writeInt32BE(contents.length, 0);
  bytes.set(contents, SIZE_BYTES);
  return bytes;
}

/** Memory for a frame that has begun is taken at once up to here, and beyond only as its bytes really come. */
const TRUSTED_BYTES = 1 << 19;
/** From here on the rest of a frame is best read straight to its place. */
const READ_IN_PLACE_BYTES = 1 << 14;
/** After so many pieces with whole frames the memory of others is let go: an idle connection keeps none. */
const PIECES_TO_FORGET = 16;
const NOTHING = Buffer.alloc(0);

/** Cuts frames from bytes that come in pieces of any size. */
export class FrameCutter {
  readonly #maxBytes: number;
  /** Holds the start of a frame, if `#length` says so. */
  #kept = NOTHING;
  #length = 0;
  /** Holds the latest frames that did not come in one piece, and after `reuse` no frames any more. */
  #lent = NOTHING;
  #spare = NOTHING;
  /** Pieces with whole frames since the latest frame that came in several. */
  #unused = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next piece, and answers the contents of the frames it completes: views on the piece, or on memory of
   * their own where a frame began in an earlier one. Throws InvalidRequest for a size that cannot be.
   */
  push(piece: Buffer): Buffer[] {
    const keeps = this.#length > 0;
    if (keeps) this.#keep(piece);
    const bytes = keeps ? this.#kept : piece;
    const end = keeps ? this.#length : piece.length;
    const frames: Buffer[] = [];
    let at = 0;
    for (let next; (next = frameEnd(bytes, at, end, this.#maxBytes)) >= 0; at = next) {
      frames.push(bytes.subarray(at + SIZE_BYTES, next));
    }
    if (keeps && frames.length === 0) return frames;
    const rest = bytes.subarray(at, end);
    // Frames handed out are views on what was kept, so the rest moves to memory of its own.
    if (keeps) {
      this.#lent = this.#kept;
      this.#unused = 0;
    } else if (++this.#unused >= PIECES_TO_FORGET) this.#spare = NOTHING;
    this.#kept = NOTHING;
    this.#length = 0;
    if (rest.length > 0) this.#keep(rest);
    return frames;
  }

  /**
   * Where the next bytes are best read to: into the frame that has begun. A piece that lies there is not copied. Null where memory of
   * the caller's serves.
   */
  room(): Buffer | null {
    if (this.#length < SIZE_BYTES) return null;
    const frameBytes = SIZE_BYTES + this.#kept.readInt32BE(0);
    if (frameBytes - this.#length < READ_IN_PLACE_BYTES) return null;
    if (this.#length === this.#kept.length) this.#grow(this.#length + 1);
    return this.#kept.subarray(this.#length, frameBytes);
  }

  /** No frame that was answered so far is looked at any more: the next ones may lie where they did. */
  reuse(): void {
    if (this.#lent.length > this.#spare.length) this.#spare = this.#lent;
    this.#lent = NOTHING;
  }

  #keep(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (!this.#isInPlace(piece)) {
      if (this.#length === 0) this.#begin(piece);
      if (needed > this.#kept.length) this.#grow(needed);
      piece.copy(this.#kept, this.#length);
    }
    this.#length = needed;
  }

  #isInPlace({ buffer, byteOffset }: Buffer): boolean {
    return buffer === this.#kept.buffer && byteOffset === this.#kept.byteOffset + this.#length;
  }

  #begin(piece: Buffer): void {
    const frameBytes = piece.length < SIZE_BYTES ? 0 : SIZE_BYTES + piece.readInt32BE(0);
    const wanted = Math.max(piece.length, Math.min(frameBytes, TRUSTED_BYTES));
    if (wanted > this.#spare.length) {
      this.#kept = Buffer.allocUnsafeSlow(wanted);
      return;
    }
    this.#kept = this.#spare;
    this.#spare = NOTHING;
  }

  /** To hold `needed` bytes at least, and all of the frame where that is not much. */
  #grow(needed: number): void {
    const frameBytes = this.#length < SIZE_BYTES ? 0 : SIZE_BYTES + this.#kept.readInt32BE(0);
    const wanted = Math.min(frameBytes, Math.max(TRUSTED_BYTES, this.#kept.length * 2));
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, wanted));
    this.#kept.copy(grown, 0, 0, this.#length);
    this.#kept = grown;
  }
}
