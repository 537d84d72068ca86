/**
 * Reads a range of whole batches and checks every one of them before it leaves, however the range is cut into pieces: a
 * consumer never gets what is not what a producer sent (docs/decisions/0005).
 */
import { BATCH_OVERHEAD, nextOffset, sizeInBytes } from '../../protocol/records/batch.ts';
import type { OpenFile } from '../platform/files.ts';
import { firstUnsound } from './damage.ts';
import { DeletedError } from './owned-files.ts';
import type { Segment } from './segment.ts';

export interface BatchRange {
  /** The open file of the segment: a reader keeps it, for the segment's name may soon mean another. */
  readonly file: OpenFile;
  readonly segment: Segment;
  readonly position: number;
  readonly length: number;
  /** The first batch must reach it. */
  readonly offset: number;
  /** And none may go beyond this. */
  readonly endOffset: number;
}

export class CheckedReader {
  readonly givesWholeBatches = true;
  readonly #file: OpenFile;
  readonly #segment: Segment;
  readonly #end: number;
  #offset: number;
  readonly #endOffset: number;
  readonly #cuts: number;
  /** Up to here has been checked: beyond what was read only where a batch is larger than a piece. */
  #checkedUpTo: number;

  constructor({ file, segment, position, length, offset, endOffset }: BatchRange) {
    this.#file = file;
    this.#segment = segment;
    this.#cuts = segment.cuts;
    this.#end = position + length;
    this.#checkedUpTo = position;
    this.#offset = offset;
    this.#endOffset = endOffset;
  }

  get path(): string {
    return this.#segment.path;
  }

  /**
   * Puts up to `length` bytes at `at`; says how many: all, or whole batches only. To be called from the start of the range to
   * its end. @throws {CorruptBatchError} for the first batch that is not sound; it is remembered
   * @throws {DeletedError} when the segment was deleted, and its file has been let go (file.delete.delay.ms)
   */
  read(into: Buffer, at: number, length: number, position: number): number {
    const most = Math.min(length, this.#end - position);
    if (position < this.#checkedUpTo)
      return this.#read(into, at, Math.min(most, this.#checkedUpTo - position), position);
    this.#read(into, at, most, position);
    const whole = position + most === this.#end ? most : wholeBatches(into, at, most);
    if (whole === 0) {
      this.#checkLarge(position);
      return most;
    }
    this.#check(into, at, whole, position);
    return whole;
  }

  #read(into: Buffer, at: number, length: number, position: number): number {
    if (this.#segment.cuts !== this.#cuts) throw new Error(`${this.path} was cut while it was read`);
    let count: number;
    try {
      count = this.#file.read(into, at, length, position);
    } catch (error) {
      throw this.#segment.state === 'deleted' ? new DeletedError(this.path) : error;
    }
    if (count === length) return length;
    throw new Error(`${this.path} ends ${length - count} bytes before the log says`);
  }

  /** Not one batch fits into a piece: it is checked on the side, before its first piece leaves. */
  #checkLarge(position: number): void {
    const size = Math.min(this.#segment.batchSizeAt(position), this.#end - position);
    const bytes = Buffer.allocUnsafe(size);
    this.#read(bytes, 0, size, position);
    this.#check(bytes, 0, size, position);
  }

  #check(bytes: Buffer, at: number, length: number, position: number): void {
    const unsound = firstUnsound(bytes, at, length, this.#offset, this.#endOffset);
    if (unsound > at || unsound < 0) this.#offset = offsetBehind(bytes, at, unsound < 0 ? length : unsound - at);
    if (unsound >= 0) throw this.#segment.corrupt(position + unsound - at, this.#offset);
    this.#checkedUpTo = position + length;
  }
}

/** How many of the `length` bytes are whole batches by their sizes. */
function wholeBatches(bytes: Buffer, at: number, length: number): number {
  let done = 0;
  while (length - done >= BATCH_OVERHEAD) {
    const size = sizeInBytes(bytes, at + done);
    // A size that cannot be is left to the check to complain about.
    if (size < BATCH_OVERHEAD) return Math.min(length, done + BATCH_OVERHEAD);
    if (size > length - done) break;
    done += size;
  }
  return done;
}

/** The offset behind the last of some sound batches. */
function offsetBehind(bytes: Buffer, at: number, length: number): number {
  let next = 0;
  for (let position = at; position < at + length; position += sizeInBytes(bytes, position))
    next = nextOffset(bytes, position);
  return next;
}
