/**
 * The `.timeindex` of a segment: a timestamp (int64) no batch before it exceeds, and the last offset (relative, int32)
 * of the batch that has it. Ascending in both; the last entry of a closed segment is its largest timestamp.
 */
import type { Files, OpenFile } from '../platform/files.ts';
import { IndexEntries } from './index-entries.ts';

const ENTRY_BYTES = 12;
const TWO_TO_32 = 0x1_0000_0000;

export class TimeIndex {
  readonly #entries: IndexEntries;
  readonly #baseOffset: number;

  constructor(files: Files, path: string, baseOffset: number, bytes: number) {
    this.#entries = new IndexEntries(files, path, 3, bytes);
    this.#baseOffset = baseOffset;
  }

  get path(): string {
    return this.#entries.path;
  }

  set path(path: string) {
    this.#entries.path = path;
  }

  get count(): number {
    return this.#entries.count;
  }

  get bytes(): number {
    return this.#entries.count * ENTRY_BYTES;
  }

  /** One entry is kept free for the one that closes the segment. */
  isFull(maxBytes: number): boolean {
    return this.#entries.count >= Math.floor(maxBytes / ENTRY_BYTES) - 1;
  }

  /** Appends unless the last entry says as much already. */
  maybeAppend(timestamp: number, offset: number): void {
    const { count } = this.#entries;
    if (timestamp < 0 || (count > 0 && timestamp <= this.timestamp(count - 1))) return;
    const high = Math.floor(timestamp / TWO_TO_32);
    this.#entries.push3(high, timestamp - high * TWO_TO_32, offset - this.#baseOffset);
  }

  timestamp(entry: number): number {
    return this.#entries.word(entry, 0) * TWO_TO_32 + (this.#entries.word(entry, 1) >>> 0);
  }

  offset(entry: number): number {
    return this.#baseOffset + this.#entries.word(entry, 2);
  }

  /** An offset no batch before which has a timestamp of at least `timestamp`. */
  offsetBefore(timestamp: number): number {
    const entry = this.entryBefore(timestamp);
    return entry < 0 ? this.#baseOffset : this.offset(entry);
  }

  /** The last entry with an earlier timestamp, or -1. */
  entryBefore(timestamp: number): number {
    let low = 0;
    let high = this.#entries.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      // Strictly less: the batch of the entry itself has that very timestamp and may be the one asked for.
      if (this.timestamp(middle) < timestamp) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** Forgets entries of offsets from `offset` on. */
  truncateTo(offset: number): void {
    let count = this.#entries.count;
    while (count > 0 && this.offset(count - 1) >= offset) count--;
    this.#entries.cut(count);
  }

  /** The last entry without reading the others, or null. */
  last(): { timestamp: number; offset: number } | null {
    const last = Buffer.alloc(ENTRY_BYTES);
    if (!this.#entries.loadLast(last)) return null;
    const timestamp = last.readInt32BE(0) * TWO_TO_32 + last.readUInt32BE(4);
    return { timestamp, offset: this.#baseOffset + last.readInt32BE(8) };
  }

  reset(): void {
    this.#entries.reset();
  }

  save(): OpenFile {
    return this.#entries.save();
  }

  sync(): void {
    this.#entries.sync();
  }

  syncLater(): Promise<void> {
    return this.#entries.syncLater();
  }

  unload(): void {
    this.#entries.unload();
  }
}
