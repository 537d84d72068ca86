/** The partition folders that were there at the start, and whose they are: partition.metadata says it, unless it is damaged. */
import { join } from 'node:path';
import { setAside } from '../log/aside.ts';
import type { LogDirectory } from '../log/directory.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { LogDirPlacement } from './log-dir-placement.ts';
import { keepsOther } from './duplicate-replicas.ts';

export interface FoundFoldersOptions {
  readonly files: Files;
  readonly logger: Logger;
}

export class FoundFolders {
  /** Names → ids of the topics they belong to; null where that cannot be read. */
  readonly #topicIds = new Map<string, string | null>();
  readonly #options: FoundFoldersOptions;

  constructor(options: FoundFoldersOptions) {
    this.#options = options;
  }

  has(name: string): boolean {
    return this.#topicIds.has(name);
  }

  /** Whether the folder `name` was there; it is no partition's from now on. */
  forget(name: string): boolean {
    return this.#topicIds.delete(name);
  }

  /** Those that no partition was opened in so far, with the ids of their topics. */
  rest(): readonly (readonly [name: string, topicId: string | null])[] {
    return [...this.#topicIds];
  }

  get count(): number {
    return this.#topicIds.size;
  }

  /** Looks into `directory`, and claims what it finds there. */
  look(directory: LogDirectory, placement: LogDirPlacement): void {
    for (const { name, topicId } of directory.partitions()) {
      const other = placement.get(name);
      if (other !== undefined && keepsOther(this.#options, name, other, directory)) continue;
      if (other !== undefined) placement.release(name);
      placement.claim(name, directory);
      this.#topicIds.set(name, topicId);
    }
  }

  /** The folder `name` of a deleted topic could not be renamed: the next topic of that name must not begin with it. */
  remains(name: string, topicId: string): void {
    this.#topicIds.set(name, topicId);
  }

  /**
   * Whether a folder of this name was there at the start. One that belongs to another topic (deleted while we were down)
   * makes room, and is kept.
   */
  take(directory: LogDirectory, name: string, topicId: string): boolean {
    const found = this.#topicIds.get(name);
    if (found === undefined) return false;
    const isMine = found === null || found === topicId || isMisread(found, topicId);
    if (!isMine) this.#moveAside(join(directory.path, name), found);
    else if (found !== topicId) this.#repair(directory, name, topicId);
    this.#topicIds.delete(name); // not before: what the disk refuses is tried again
    return isMine;
  }

  #repair(directory: LogDirectory, name: string, topicId: string): void {
    directory.labelPartition(name, topicId);
    this.#options.logger.warn('partition.metadata-repaired', { path: join(directory.path, name), topicId });
  }

  #moveAside(path: string, topicId: string): void {
    setAside(this.#options, path, Buffer.from(topicId, 'base64url'), { topicId });
  }
}

/** Ids are random: two that differ in one character are the same, one of them damaged. */
function isMisread(found: string, topicId: string): boolean {
  let different = 0;
  for (let i = 0; i < topicId.length; i++) if (found[i] !== topicId[i]) different++;
  return different === 1;
}
