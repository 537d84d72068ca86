/**
 * One of the checkpoints of a log directory, as it stands on the disk: an offset for each log, noted now and then. After a crash it is
 * believed, so that it must not say of a log what was true of another one: of the log before a cut, or of one that had the same name.
 */
import type { Files } from '../platform/files.ts';
import type { DirectoryHealth } from './directory-health.ts';
import { encodeOffsetCheckpoint, type OffsetCheckpoint } from './offset-checkpoint.ts';

export class CheckpointFile {
  /** What was there when the directory was opened. */
  readonly found: OffsetCheckpoint;
  readonly #path: string;
  readonly #files: Files;
  readonly #health: DirectoryHealth;
  #noted: ReadonlyMap<string, number>;
  /** Logs that were deleted, of which something is noted still. */
  readonly #deleted = new Set<string>();

  constructor(path: string, found: OffsetCheckpoint, files: Files, health: DirectoryHealth) {
    this.#path = path;
    this.found = found;
    this.#noted = found;
    this.#files = files;
    this.#health = health;
  }

  /** In the place of all that was noted. @throws the disk's error */
  note(offsets: ReadonlyMap<string, number>): void {
    try {
      this.#files.replace(this.#path, encodeOffsetCheckpoint(offsets));
    } catch (error) {
      this.#health.checkpointFailed(this.#path, error);
      throw error;
    }
    this.#noted = offsets;
    this.#deleted.clear();
  }

  /** What is noted of `name` goes when the file is written next: a topic of thousands of partitions is forgotten at once. */
  wasDeleted(name: string): void {
    if (this.#noted.has(name)) this.#deleted.add(name);
  }

  /** What is noted of `name` is of another log. @throws the disk's error */
  forget(name: string): void {
    if (!this.#noted.has(name)) return;
    const left = this.#withoutDeleted();
    left.delete(name);
    this.note(left);
  }

  /** No more than `offset` is true of `name`. @throws the disk's error */
  lower(name: string, offset: number): void {
    if ((this.#noted.get(name) ?? 0) > offset) this.note(this.#withoutDeleted().set(name, offset));
  }

  #withoutDeleted(): Map<string, number> {
    const left = new Map(this.#noted);
    for (const name of this.#deleted) left.delete(name);
    return left;
  }
}
