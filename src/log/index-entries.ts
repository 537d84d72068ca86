/**
 * The entries of one index file as 32-bit words: kept in memory for the segment that grows, read back from the file for
 * one that rests, and written to it in runs, not one by one: after a crash an index is made anew from the log.
 */
import type { Files, OpenFile } from '../platform/files.ts';
import { readInt32, writeInt32 } from '../../protocol/records/batch.ts';

const SMALLEST_ENTRIES = 64;

export class IndexEntries {
  path: string;
  readonly #files: Files;
  readonly #wordsPerEntry: number;
  #words: Int32Array | null = null;
  #count: number;
  /** Entries of the front that are in the file. */
  #written: number;

  /** `bytes` is the size of the file as found, 0 where there is none. */
  constructor(files: Files, path: string, wordsPerEntry: number, bytes: number) {
    this.#files = files;
    this.path = path;
    this.#wordsPerEntry = wordsPerEntry;
    this.#count = Math.floor(bytes / (4 * wordsPerEntry));
    this.#written = this.#count;
  }

  get count(): number {
    return this.#count;
  }

  get bytesPerEntry(): number {
    return 4 * this.#wordsPerEntry;
  }

  word(entry: number, word: number): number {
    return (this.#words ?? this.#load())[entry * this.#wordsPerEntry + word];
  }

  /** Appends an entry of two words. */
  push2(a: number, b: number): void {
    const words = this.#room();
    const at = this.#count++ * 2;
    words[at] = a;
    words[at + 1] = b;
  }

  push3(a: number, b: number, c: number): void {
    const words = this.#room();
    const at = this.#count++ * 3;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
  }

  /** Forgets entries from `count` on. */
  cut(count: number): void {
    if (count < this.#count) this.#count = count;
    if (count < this.#written) this.#written = count;
  }

  /** Forgets all, whatever the file holds. */
  reset(): void {
    this.#count = 0;
    this.#written = 0;
    this.#words = null;
  }

  /** Brings the file up to what is here; makes it where it is missing. */
  save(): OpenFile {
    const file = this.#files.open(this.path, 'write');
    try {
      const missing = this.#count - this.#written;
      if (missing > 0) {
        const words = this.#words ?? this.#load();
        const bytes = Buffer.allocUnsafe(missing * this.bytesPerEntry);
        const first = this.#written * this.#wordsPerEntry;
        for (let i = 0; i < bytes.length / 4; i++) writeInt32(bytes, i * 4, words[first + i]);
        file.write(bytes, 0, bytes.length, this.#written * this.bytesPerEntry);
        this.#written = this.#count;
      }
      const size = this.#count * this.bytesPerEntry;
      if (file.size() !== size) file.truncate(size);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Brings what was saved to the disk. */
  sync(): void {
    const file = this.#files.open(this.path, 'write');
    try {
      file.sync();
    } finally {
      file.close();
    }
  }

  /** The same without stopping the event loop. */
  async syncLater(): Promise<void> {
    const file = this.#files.open(this.path, 'write');
    try {
      await file.syncLater();
    } finally {
      file.close();
    }
  }

  /** Lets the memory go; what is in the file is read again when asked for. */
  unload(): void {
    if (this.#written === this.#count) this.#words = null;
  }

  /** Reads the last entry of a file without reading all of it. */
  loadLast(into: Buffer): boolean {
    if (this.#count === 0) return false;
    const file = this.#files.open(this.path, 'read');
    try {
      return file.read(into, 0, this.bytesPerEntry, (this.#count - 1) * this.bytesPerEntry) === this.bytesPerEntry;
    } finally {
      file.close();
    }
  }

  #load(): Int32Array {
    const words = new Int32Array(Math.max(this.#count, SMALLEST_ENTRIES) * this.#wordsPerEntry);
    if (this.#written > 0) {
      const bytes = this.#files.readAll(this.path);
      for (let i = 0; i < this.#written * this.#wordsPerEntry; i++) words[i] = readInt32(bytes, i * 4);
    }
    this.#words = words;
    return words;
  }

  #room(): Int32Array {
    const words = this.#words ?? this.#load();
    if ((this.#count + 1) * this.#wordsPerEntry <= words.length) return words;
    const larger = new Int32Array(words.length * 2);
    larger.set(words);
    this.#words = larger;
    return larger;
  }
}
