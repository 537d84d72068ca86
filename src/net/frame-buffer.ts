/**
 * Bytes of one connection that cannot be handled yet: the start of a frame that has not come whole, or frames behind a request
 * that waits. What comes whole in one read never gets here.
 */
import type { Buffers } from './buffers.ts';
import type { Admitted, RequestMemory } from './request-memory.ts';

export const SIZE_BYTES = 4;
/** Memory for an announced frame is taken at once up to here, and beyond only as its bytes really come. */
const TRUSTED_FRAME_BYTES = 1 << 20;
/** From here on the rest of a frame is read straight to its place; less is copied there, with what follows it in one read. */
const READ_IN_PLACE_BYTES = 1 << 14;

export class FrameBuffer implements Admitted {
  readonly #buffers: Buffers;
  readonly #memory: RequestMemory;
  readonly #onAdmitted: () => void;
  #bytes: Buffer | null = null;
  #length = 0;
  /** Of the frame that has begun, in the memory that all connections share. */
  #charged = 0;
  /** Waits for that memory. */
  #isStarved = false;

  /** `onAdmitted` is called when the memory that `mayGrow` did not get is there. */
  constructor(buffers: Buffers, memory: RequestMemory, onAdmitted: () => void) {
    this.#buffers = buffers;
    this.#memory = memory;
    this.#onAdmitted = onAdmitted;
  }

  /** Null while it holds nothing. */
  get bytes(): Buffer | null {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  get isStarved(): boolean {
    return this.#isStarved;
  }

  /** How many bytes the first frame lacks, or its size does. */
  get missing(): number {
    if (this.#bytes === null) return 0;
    if (this.#length < SIZE_BYTES) return SIZE_BYTES - this.#length;
    return Math.max(0, SIZE_BYTES + this.#bytes.readInt32BE(0) - this.#length);
  }

  get isReadInPlace(): boolean {
    return !this.#isStarved && this.missing >= READ_IN_PLACE_BYTES;
  }

  /** Room for the rest of its frame, or for a part of it where the frame is large; `received` says what came. */
  rest(): Uint8Array {
    const frameBytes = this.#length + this.missing;
    const { length } = this.#bytes!;
    if (this.#length === length || length < Math.min(frameBytes, TRUSTED_FRAME_BYTES)) {
      this.#grow(Math.min(frameBytes, Math.max(TRUSTED_FRAME_BYTES, length * 2)));
    }
    return this.#bytes!.subarray(this.#length, Math.min(frameBytes, this.#bytes!.length));
  }

  received(count: number): void {
    this.#length += count;
  }

  /** Takes bytes out of a buffer that others need; `isFrame`: they begin a frame, of which they are a part. */
  keep(from: Buffer, start: number, end: number, isFrame: boolean): void {
    const count = end - start;
    const wanted = isFrame && count >= SIZE_BYTES ? SIZE_BYTES + from.readInt32BE(start) : SIZE_BYTES;
    const trusted = this.#memory.isBounded ? count : TRUSTED_FRAME_BYTES; // bounded, it takes more once it is admitted
    this.#bytes = this.#buffers.take(Math.max(count, Math.min(wanted, trusted)));
    this.append(from, start, end);
  }

  append(from: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes!.length) this.#grow(length);
    from.copy(this.#bytes!, this.#length, start, end);
    this.#length = length;
  }

  /** Forgets the first `count` bytes, which have been handled. */
  consume(count: number): void {
    if (count === this.#length) return this.release();
    if (count === 0) return;
    this.#discharge();
    this.#bytes!.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  /** Gives everything back. */
  release(): void {
    if (this.#bytes !== null) this.#buffers.give(this.#bytes);
    this.leave();
  }

  /** Leaves its bytes to whoever has been given them. */
  leave(): void {
    this.#bytes = null;
    this.#length = 0;
    this.#discharge();
    this.#memory.leave(this);
  }

  /** Takes memory for the rest of a frame that has begun; false: none is left, and `onAdmitted` will say when. */
  mayGrow(): boolean {
    if (this.#isStarved) return false;
    if (this.#bytes === null || this.#charged > 0 || this.#length < SIZE_BYTES) return true;
    const bytes = SIZE_BYTES + this.#bytes.readInt32BE(0);
    if (this.#memory.take(bytes, this)) this.#charged = bytes;
    else this.#isStarved = true;
    return !this.#isStarved;
  }

  /** Another frame has made room for ours. */
  admitted(): void {
    this.#charged = SIZE_BYTES + this.#bytes!.readInt32BE(0);
    this.#isStarved = false;
    this.#onAdmitted();
  }

  #discharge(): void {
    const bytes = this.#charged;
    this.#charged = 0;
    if (bytes > 0) this.#memory.give(bytes);
  }

  #grow(bytes: number): void {
    const larger = this.#buffers.take(bytes);
    this.#bytes!.copy(larger, 0, 0, this.#length);
    this.#buffers.give(this.#bytes!);
    this.#bytes = larger;
  }
}
