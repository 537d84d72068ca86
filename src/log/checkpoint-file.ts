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
  }

  /** What is noted of `name` is of another log. @throws the disk's error */
  forget(name: string): void {
    if (this.#noted.has(name)) this.note(new Map([...this.#noted].filter(([each]) => each !== name)));
  }

  /** No more than `offset` is true of `name`. @throws the disk's error */
  lower(name: string, offset: number): void {
    if ((this.#noted.get(name) ?? 0) > offset) this.note(new Map([...this.#noted, [name, offset]]));
  }
}
