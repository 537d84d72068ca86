/**
 * The files of one owner, a log or a segment, found by their names: only while the owner is there. Names are used again: the
 * topic is made anew, compaction puts another file in the place of one. What belonged to a deleted owner must not open, make
 * or change what has its name now. Handles that are open stay open: they mean the file, not its name.
 */
import type { Files, OpenFile, Volume } from '../platform/files.ts';
import type { Lock } from '../platform/lock-file.ts';

/** Thrown where the files of a deleted log or segment are asked for. No fault of the disk, and none of the broker's. */
export class DeletedError extends Error {
  override name = 'DeletedError';

  constructor(path: string) {
    super(`${path} was deleted`);
  }
}

export class OwnedFiles implements Files {
  readonly #files: Files;
  readonly #owner: string;
  #isDeleted = false;

  /** `owner` is the path that messages name. */
  constructor(files: Files, owner: string) {
    this.#files = files;
    this.#owner = owner;
  }

  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  /** From now on every name is refused; to be called before the files are renamed or removed. */
  delete(): void {
    this.#isDeleted = true;
  }

  /** @throws {DeletedError} */
  check(): void {
    if (this.#isDeleted) throw new DeletedError(this.#owner);
  }

  open(path: string, mode: 'read' | 'write'): OpenFile {
    return this.#checked.open(path, mode);
  }

  exists(path: string): boolean {
    return this.#checked.exists(path);
  }

  isDirectory(path: string): boolean {
    return this.#checked.isDirectory(path);
  }

  size(path: string): number {
    return this.#checked.size(path);
  }

  list(directory: string): string[] {
    return this.#checked.list(directory);
  }

  makeDirectory(path: string): void {
    this.#checked.makeDirectory(path);
  }

  remove(path: string): void {
    this.#checked.remove(path);
  }

  rename(from: string, to: string): void {
    this.#checked.rename(from, to);
  }

  readAll(path: string): Buffer {
    return this.#checked.readAll(path);
  }

  replace(path: string, content: Uint8Array | string, durable?: boolean): void {
    this.#checked.replace(path, content, durable);
  }

  syncDirectory(path: string): void {
    this.#checked.syncDirectory(path);
  }

  /** The name may have come to mean another directory meanwhile: then the sync says nothing, and its failure neither. */
  async syncDirectoryLater(path: string): Promise<void> {
    try {
      await this.#checked.syncDirectoryLater(path);
    } finally {
      this.check();
    }
  }

  volume(path: string): Volume {
    return this.#checked.volume(path);
  }

  lock(path: string): Lock | null {
    return this.#checked.lock(path);
  }

  get #checked(): Files {
    this.check();
    return this.#files;
  }
}
