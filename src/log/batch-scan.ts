/**
 * Goes through the batches of a log file: by their headers alone, through one small window that all logs share, or
 * whole and checked, for recovery.
 */
import * as batch from '../../protocol/records/batch.ts';
import type { OpenFile } from '../platform/files.ts';

const WINDOW_BYTES = 8 * 1024;
const SCAN_BYTES = 256 * 1024;

/** The header of one batch after the other; valid until anybody else moves the window. */
export class HeaderWindow {
  readonly bytes = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  /** Where in `bytes` the header lies. */
  at = 0;
  #file: OpenFile | null = null;
  #start = 0;
  #length = 0;

  /** Must come first: files change between two walks. */
  open(file: OpenFile): void {
    this.#file = file;
    this.#length = 0;
  }

  /** As open where another walk may have been elsewhere meanwhile, and nothing was written. */
  follow(file: OpenFile): void {
    if (this.#file !== file) this.open(file);
  }

  /** Brings the header of the batch at `position` in; false when no believable batch lies there before `limit`. */
  load(position: number, limit: number): boolean {
    if (position < 0 || position + batch.BATCH_OVERHEAD > limit || this.#file === null) return false;
    if (position < this.#start || position + batch.BATCH_OVERHEAD > this.#start + this.#length) {
      this.#start = position;
      this.#length = this.#file.read(this.bytes, 0, Math.min(WINDOW_BYTES, limit - position), position);
      if (this.#length < batch.BATCH_OVERHEAD) return false;
    }
    this.at = position - this.#start;
    const size = batch.sizeInBytes(this.bytes, this.at);
    const isBatch = size >= batch.BATCH_OVERHEAD && batch.magic(this.bytes, this.at) === batch.CURRENT_MAGIC;
    return isBatch && position + size <= limit;
  }
}

/** All walks are synchronous, so one window serves the whole broker. */
export const headers = new HeaderWindow();

/** Sees a whole batch at `at` in `bytes`, `position` in its file. Answering false ends the scan there. */
export type BatchVisitor = (bytes: Buffer, at: number, size: number, position: number) => boolean;

/**
 * Shows every batch from `from` to `end` that has a sound length, magic and CRC; answers the position behind the last
 * one shown and not refused.
 */
export function scanBatches(file: OpenFile, from: number, end: number, visit: BatchVisitor): number {
  let bytes = Buffer.allocUnsafe(Math.min(SCAN_BYTES, Math.max(batch.BATCH_OVERHEAD, end - from)));
  let start = from;
  let length = 0;
  for (let position = from; ;) {
    let at = position - start;
    let size = at + batch.BATCH_OVERHEAD <= length ? batch.sizeInBytes(bytes, at) : -1;
    if (size < 0 || at + size > length) {
      // The batch is not all here: read again from where it begins, into more room where it needs more.
      if (size > bytes.length && position + size <= end) bytes = Buffer.allocUnsafe(size);
      start = position;
      length = file.read(bytes, 0, Math.min(bytes.length, end - position), position);
      at = 0;
      if (length < batch.BATCH_OVERHEAD) return position;
      size = batch.sizeInBytes(bytes, 0);
      if (size > length && position + size <= end && size > bytes.length) {
        bytes = Buffer.allocUnsafe(size);
        length = file.read(bytes, 0, size, position);
      }
    }
    if (size < batch.BATCH_OVERHEAD || at + size > length) return position;
    if (batch.magic(bytes, at) !== batch.CURRENT_MAGIC || !batch.isCrcValid(bytes, at)) return position;
    if (!visit(bytes, at, size, position)) return position;
    position += size;
  }
}
