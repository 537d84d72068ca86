/**
 * Copies a log into another directory while it is in use, in steps of well under a millisecond each, for a partition that
 * moves between the broker's log.dirs (KIP-113): first what has come so far, then, the log closed, the little that is left.
 */
import { basename, join } from 'node:path';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Log } from './log.ts';
import type { Segment } from './segment.ts';

const STEP_BYTES = 128 * 1024;
/** What may be left for the end, when appends have to wait. */
const REST_BYTES = 256 * 1024;
const LOG_FILE = /^\d{20}\.log$/;
const LEFTOVER = /\.(deleted|cleaned|swap|tmp)$/;

/** The log went away, by its topic's deletion or by a failure of its disk. */
export class CopyAbandoned extends Error {
  override name = 'CopyAbandoned';
}

/** How much of a segment is in the copy, and how often the segment had been cut by then. */
interface Copied {
  bytes: number;
  cuts: number;
}

export class ReplicaCopy {
  readonly log: Log;
  /** Where the copy lies. */
  readonly directory: string;
  readonly #files: Files;
  /** By the segment itself: another one may get its base offset. */
  readonly #copied = new Map<Segment, Copied>();
  readonly #buffer = Buffer.allocUnsafe(STEP_BYTES);

  /** `files` are those of the copy. */
  constructor(files: Files, log: Log, directory: string) {
    this.log = log;
    this.directory = directory;
    this.#files = files;
  }

  /** Bytes in the copy. */
  get size(): number {
    let sum = 0;
    for (const segment of this.log.segments) sum += this.#bytesOf(segment);
    return sum;
  }

  /** Up to where records are in the copy, as far as whole segments tell. */
  get endOffset(): number {
    const { segments } = this.log;
    const first = segments.findIndex((segment) => this.#bytesOf(segment) < segment.size);
    return first < 0 ? this.log.endOffset : segments[first].baseOffset;
  }

  /** Copies until hardly anything is left, and has that on the disk. @throws {CopyAbandoned} and the disk's errors */
  *run(): Generator<Promise<void> | undefined, void, void> {
    const { log } = this;
    this.#files.remove(this.directory);
    this.#files.makeDirectory(this.directory);
    while (log.size - this.size > REST_BYTES) {
      const segments = log.segments.slice(); // retention may take some out meanwhile
      for (const segment of segments) yield* this.#copyLogFile(segment);
      yield;
      this.#requireLog();
    }
    yield this.#sync();
    this.#requireLog();
  }

  /** After the log was closed: the rest, synced. Then the copy is a log of its own. */
  finish(): void {
    const { log, directory } = this;
    const files = this.#files;
    for (const segment of log.segments) {
      const steps = this.#copyLogFile(segment, () => {});
      while (steps.next().done !== true); // in one go: appends wait
      segment.close();
      if (this.#bytesOf(segment) !== segment.size)
        throw new CopyAbandoned(`${log.directory} was cut while it was copied`);
    }
    const names = new Set(log.segments.map(({ path }) => basename(path)));
    for (const name of files.list(directory)) {
      if (LOG_FILE.test(name) && !names.has(name)) files.remove(join(directory, name)); // retention has deleted it since
    }
    for (const name of log.files.list(log.directory)) {
      if (!LOG_FILE.test(name) && !LEFTOVER.test(name)) this.#copySmall(name);
    }
    this.#open(log.segments[log.segments.length - 1]).forEach((file) => {
      file.sync();
      file.close();
    });
    files.syncDirectory(directory);
  }

  remove(): void {
    this.#files.remove(this.directory);
  }

  #bytesOf(segment: Segment): number {
    const copied = this.#copied.get(segment);
    return copied === undefined || copied.cuts !== segment.cuts ? 0 : copied.bytes;
  }

  #requireLog(): void {
    const { isClosed, health, directory } = this.log;
    if (isClosed || health.isOffline) throw new CopyAbandoned(`${directory} is ${isClosed ? 'closed' : 'offline'}`);
  }

  /** Reads through the handle of the segment, for its name may mean another file a step later. */
  *#copyLogFile(segment: Segment, check = () => this.#requireLog()): Generator<undefined, void, void> {
    const { log } = this;
    check();
    if (!log.segments.includes(segment)) return;
    const target = this.#files.open(join(this.directory, basename(segment.path)), 'write');
    try {
      if (this.#bytesOf(segment) === 0) target.truncate(0);
      // Retention may delete it between two steps.
      while (log.segments.includes(segment) && this.#bytesOf(segment) < segment.size) {
        const position = this.#bytesOf(segment);
        const count = segment.file.read(this.#buffer, 0, Math.min(STEP_BYTES, segment.size - position), position);
        if (count === 0) return; // only staged yet: comes with the rest
        target.write(this.#buffer, 0, count, position);
        this.#copied.set(segment, { bytes: position + count, cuts: segment.cuts });
        yield;
        check();
      }
    } finally {
      target.close();
    }
  }

  async #sync(): Promise<void> {
    const opened = [...this.#copied.keys()].flatMap((segment) => this.#open(segment));
    try {
      for (const file of opened) await file.syncLater();
      await this.#files.syncDirectoryLater(this.directory);
    } finally {
      for (const file of opened) file.close();
    }
  }

  #open({ path }: Segment): OpenFile[] {
    const copy = join(this.directory, basename(path));
    return this.#files.exists(copy) ? [this.#files.open(copy, 'write')] : [];
  }

  #copySmall(name: string): void {
    this.#files.replace(join(this.directory, name), this.log.files.readAll(join(this.log.directory, name)));
  }
}
