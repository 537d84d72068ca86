/**
 * Files that are renamed at once and removed later, so that reads under way end well (file.delete.delay.ms). Large ones go in
 * slices: to free what the system has cached of a gigabyte takes it a tenth of a second, in which nobody would be answered.
 */
import { join } from 'node:path';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import { asidePath } from './aside.ts';

export const DELETED_SUFFIX = '.deleted';

const SLICE_BYTES = 8 * 1024 * 1024;
const PAUSE_MS = 1;

export class Deletions {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** What ends each at once. */
  readonly #pending = new Set<() => void>();

  constructor(files: Files, clock: Clock, logger: Logger) {
    this.#files = files;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Removes `paths` after `delayMs`, `before` (closing what is open) first. */
  later(delayMs: number, paths: readonly string[], before: () => void = () => {}): void {
    const steps = this.#steps(paths, before);
    let timer: Timer;
    const step = (): void => {
      if (this.#advance(steps, paths)) this.#pending.delete(finish);
      else timer = this.#clock.after(PAUSE_MS, step);
    };
    const finish = (): void => {
      timer.cancel();
      this.#pending.delete(finish);
      while (!this.#advance(steps, paths));
    };
    timer = this.#clock.after(delayMs, step);
    this.#pending.add(finish);
  }

  /** True when all is done, or cannot be. */
  #advance(steps: Iterator<void, void>, paths: readonly string[]): boolean {
    try {
      return steps.next().done === true;
    } catch (error) {
      // Left for the next start, which removes what carries this suffix.
      this.#logger.warn('files.not-removed', { path: paths[0], error: (error as Error).message });
      return true;
    }
  }

  /** Pauses only where a file is large. */
  *#steps(paths: readonly string[], before: () => void): Generator<void, void> {
    before();
    for (const path of paths) {
      for (const file of this.#filesAt(path)) {
        for (let left = this.#files.size(file) - SLICE_BYTES; left > 0; left -= SLICE_BYTES) {
          this.#cut(file, left);
          yield;
        }
      }
      this.#files.remove(path);
    }
  }

  #filesAt(path: string): readonly string[] {
    if (!this.#files.exists(path)) return [];
    if (!this.#files.isDirectory(path)) return [path];
    return this.#files
      .list(path)
      .map((name) => join(path, name))
      .filter((each) => !this.#files.isDirectory(each));
  }

  #cut(path: string, size: number): void {
    const file = this.#files.open(path, 'write');
    try {
      file.truncate(size);
    } finally {
      file.close();
    }
  }

  /** Renames those of `paths` that exist to `.deleted`, so that a restart knows, and removes them after `delayMs`. */
  renamed(delayMs: number, paths: readonly string[], before: () => void): void {
    const existing = paths.filter((path) => this.#files.exists(path));
    const deleted = existing.map((path) => this.#unusedName(path));
    for (const [i, path] of existing.entries()) this.#files.rename(path, deleted[i]);
    this.later(delayMs, deleted, before);
  }

  /**
   * Renames the directory of a log as Kafka does (32 hexadecimal digits and `-delete`), and removes it after `delayMs`;
   * `before` comes first, and at once when the disk refuses. @throws the disk's error
   */
  directory(delayMs: number, path: string, topicId: string, before: () => void): void {
    let renamed: string;
    try {
      // A log of the topic may have been here before, and wait for its removal (KIP-113).
      renamed = asidePath(this.#files, path, Buffer.from(topicId, 'base64url'), 'delete');
      this.#files.rename(path, renamed);
    } catch (error) {
      before();
      throw error;
    }
    this.later(delayMs, [renamed], before);
  }

  /** One that was deleted a moment ago may have had the same name: it must not be overwritten, nor this one removed for it. */
  #unusedName(path: string): string {
    let name = path + DELETED_SUFFIX;
    for (let n = 1; this.#files.exists(name); n++) name = `${path}.${n}${DELETED_SUFFIX}`;
    return name;
  }

  /** Removes everything now: nobody reads any more. */
  finish(): void {
    for (const finish of Array.from(this.#pending)) finish();
  }
}
