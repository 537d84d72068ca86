/**
 * The `.index` of a segment: for about every index.interval.bytes of log, the last offset of a batch (relative to the
 * segment's base offset, int32) and where in the file that batch begins (int32). Ascending in both.
 */
import type { Files, OpenFile } from '../platform/files.ts';
import { IndexEntries } from './index-entries.ts';

const ENTRY_BYTES = 8;

export class OffsetIndex {
  readonly #entries: IndexEntries;
  readonly #baseOffset: number;

  constructor(files: Files, path: string, baseOffset: number, bytes: number) {
    this.#entries = new IndexEntries(files, path, 2, bytes);
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

  isFull(maxBytes: number): boolean {
    return this.#entries.count >= Math.floor(maxBytes / ENTRY_BYTES);
  }

  append(lastOffset: number, position: number): void {
    this.#entries.push2(lastOffset - this.#baseOffset, position);
  }

  offset(entry: number): number {
    return this.#baseOffset + this.#entries.word(entry, 0);
  }

  position(entry: number): number {
    return this.#entries.word(entry, 1);
  }

  /** Where to start looking for the batch with `offset`: the position of the last entry at or before it, or 0. */
  positionBefore(offset: number): number {
    const entry = this.entryBefore(offset);
    return entry < 0 ? 0 : this.position(entry);
  }

  /** The last entry at or before `offset`, or -1. */
  entryBefore(offset: number): number {
    return this.#lastAtMost(0, offset - this.#baseOffset);
  }

  /** The entry with the greatest position at or below `limit`, or -1. */
  entryAtMost(limit: number): number {
    return this.#lastAtMost(1, limit);
  }

  /** Forgets entries of offsets from `offset` on. */
  truncateTo(offset: number): void {
    this.#entries.cut(this.#lastAtMost(0, offset - 1 - this.#baseOffset) + 1);
  }

  /** Forgets entries of batches that lie at `position` or behind. */
  truncateToPosition(position: number): void {
    this.#entries.cut(this.#lastAtMost(1, position - 1) + 1);
  }

  /** An index that cannot belong to a log of `logBytes`: a crash cut it, or it is Kafka's, filled up with zeros. */
  isBroken(logBytes: number): boolean {
    const last = Buffer.alloc(ENTRY_BYTES);
    if (!this.#entries.loadLast(last)) return this.#entries.count > 0;
    return last.readInt32BE(0) < 0 || last.readInt32BE(4) <= 0 || last.readInt32BE(4) >= logBytes;
  }

  /** The last entry without reading the others, or null. */
  last(): { offset: number; position: number } | null {
    const last = Buffer.alloc(ENTRY_BYTES);
    if (!this.#entries.loadLast(last)) return null;
    return { offset: this.#baseOffset + last.readInt32BE(0), position: last.readInt32BE(4) };
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

  #lastAtMost(word: 0 | 1, value: number): number {
    let low = 0;
    let high = this.#entries.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.#entries.word(middle, word) <= value) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }
}
