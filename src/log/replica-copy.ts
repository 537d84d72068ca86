/**
 * Copies a log into another directory while it is in use, in steps of well under a millisecond each, for a partition that
 * moves between the broker's log.dirs (KIP-113): first what has come so far, then, the log closed, the little that is left.
 */
import { join } from 'node:path';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Log } from './log.ts';
import { offsetFileName, SegmentSuffix } from './segment-files.ts';

const STEP_BYTES = 128 * 1024;
/** What may be left for the end, when appends have to wait. */
const REST_BYTES = 256 * 1024;
const LOG_FILE = /^\d{20}\.log$/;
const LEFTOVER = /\.(deleted|cleaned|swap|tmp)$/;

/** The log went away, by its topic's deletion or by a failure of its disk. */
export class CopyAbandoned extends Error {
  override name = 'CopyAbandoned';
}

export class ReplicaCopy {
  readonly log: Log;
  /** Where the copy lies. */
  readonly directory: string;
  readonly #files: Files;
  /** Bytes copied of each segment, by base offset. */
  readonly #copied = new Map<number, number>();
  readonly #buffer = Buffer.allocUnsafe(STEP_BYTES);

  constructor(files: Files, log: Log, directory: string) {
    this.log = log;
    this.directory = directory;
    this.#files = files;
  }

  /** Bytes in the copy. */
  get size(): number {
    let sum = 0;
    for (const bytes of this.#copied.values()) sum += bytes;
    return sum;
  }

  /** Up to where records are in the copy, as far as whole segments tell. */
  get endOffset(): number {
    const { segments } = this.log;
    const first = segments.findIndex(({ baseOffset, size }) => (this.#copied.get(baseOffset) ?? 0) < size);
    return first < 0 ? this.log.endOffset : segments[first].baseOffset;
  }

  /** Copies until hardly anything is left, and has that on the disk. */
  *run(): Generator<Promise<void> | undefined, void, void> {
    const { log } = this;
    this.#files.remove(this.directory);
    this.#files.makeDirectory(this.directory);
    while (log.size - this.size > REST_BYTES) {
      const baseOffsets = log.segments.map(({ baseOffset }) => baseOffset);
      for (const baseOffset of baseOffsets) yield* this.#copySegment(baseOffset);
      yield;
    }
    yield this.#sync();
  }

  /** After the log was closed: the rest, synced. Then the copy is a log of its own. */
  finish(): void {
    const { log, directory } = this;
    const files = this.#files;
    for (const { baseOffset, size } of log.segments) {
      const steps = this.#copyLogFile(baseOffset);
      while (steps.next().done !== true); // in one go: appends wait
      if ((this.#copied.get(baseOffset) ?? 0) !== size)
        throw new CopyAbandoned(`${log.directory} was cut while it was copied`);
    }
    for (const name of files.list(directory).filter((each) => this.#isGone(each))) files.remove(join(directory, name));
    for (const name of files.list(log.directory)) {
      if (!LOG_FILE.test(name) && !LEFTOVER.test(name)) this.#copySmall(name);
    }
    this.#open(log.segments[log.segments.length - 1].baseOffset).forEach((file) => {
      file.sync();
      file.close();
    });
    files.syncDirectory(directory);
  }

  remove(): void {
    this.#files.remove(this.directory);
  }

  *#copySegment(baseOffset: number): Generator<undefined, void, void> {
    if (this.log.isClosed || this.log.health.isOffline) throw new CopyAbandoned(`${this.log.directory} is closed`);
    yield* this.#copyLogFile(baseOffset);
  }

  *#copyLogFile(baseOffset: number): Generator<undefined, void, void> {
    const name = offsetFileName(baseOffset, SegmentSuffix.log);
    const target = this.#files.open(join(this.directory, name), 'write');
    try {
      for (let position = this.#copied.get(baseOffset) ?? 0; ;) {
        // By its name each time: retention may delete it between two steps.
        const segment = this.log.segments.find((each) => each.baseOffset === baseOffset);
        if (segment === undefined || position >= segment.size) return;
        const source = this.#files.open(join(this.log.directory, name), 'read');
        const count = source.read(this.#buffer, 0, Math.min(STEP_BYTES, segment.size - position), position);
        source.close();
        if (count === 0) return; // only staged yet: comes with the rest
        target.write(this.#buffer, 0, count, position);
        position += count;
        this.#copied.set(baseOffset, position);
        yield;
        if (this.log.health.isOffline) throw new CopyAbandoned(`${this.log.directory} is offline`);
      }
    } finally {
      target.close();
    }
  }

  async #sync(): Promise<void> {
    const opened = [...this.#copied.keys()].flatMap((baseOffset) => this.#open(baseOffset));
    try {
      for (const file of opened) await file.syncLater();
      await this.#files.syncDirectoryLater(this.directory);
    } finally {
      for (const file of opened) file.close();
    }
  }

  #open(baseOffset: number): OpenFile[] {
    const path = join(this.directory, offsetFileName(baseOffset, SegmentSuffix.log));
    return this.#files.exists(path) ? [this.#files.open(path, 'write')] : [];
  }

  #copySmall(name: string): void {
    this.#files.replace(join(this.directory, name), this.#files.readAll(join(this.log.directory, name)));
  }

  /** A segment that retention has deleted since it was copied. */
  #isGone(name: string): boolean {
    return LOG_FILE.test(name) && !this.log.segments.some(({ baseOffset }) => baseOffset === Number.parseInt(name, 10));
  }
}
