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
  const bytes = Buffer.allocUnsafeSlow(SIZE_BYTES + contents.length);
  bytes.writeInt32BE(contents.length, 0);
  bytes.set(contents, SIZE_BYTES);
  return bytes;
}

/** Cuts frames from bytes that come in pieces of any size. */
export class FrameCutter {
  readonly #maxBytes: number;
  #kept = Buffer.alloc(0);
  #length = 0;

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
    this.#kept = Buffer.alloc(0);
    this.#length = 0;
    if (rest.length > 0) this.#keep(rest);
    return frames;
  }

  #keep(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (needed > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#kept.length * 2));
      this.#kept.copy(grown, 0, 0, this.#length);
      this.#kept = grown;
    }
    piece.copy(this.#kept, this.#length);
    this.#length = needed;
  }
}
