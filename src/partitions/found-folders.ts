/** The partition folders that were there at the start, and whose they are: partition.metadata says it, unless it is damaged. */
import { join } from 'node:path';
import type { LogDirectory } from '../log/directory.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { Homes } from './homes.ts';
import { keepsOther } from './twice-found.ts';

export interface FolderDoors {
  readonly files: Files;
  readonly logger: Logger;
}

export class FoundFolders {
  /** Names → ids of the topics they belong to; null where that cannot be read. */
  readonly #topicIds = new Map<string, string | null>();
  readonly #doors: FolderDoors;

  constructor(doors: FolderDoors) {
    this.#doors = doors;
  }

  get count(): number {
    return this.#topicIds.size;
  }

  /** Looks into `directory`, and claims what it finds there. */
  look(directory: LogDirectory, homes: Homes): void {
    for (const { name, topicId } of directory.partitions()) {
      const other = homes.get(name);
      if (other !== undefined && keepsOther(this.#doors, name, other, directory)) continue;
      if (other !== undefined) homes.release(name);
      homes.claim(name, directory);
      this.#topicIds.set(name, topicId);
    }
  }

  /**
   * Whether a folder of this name was there at the start. One that belongs to another topic (deleted while we were down)
   * makes room, and is kept.
   */
  take(home: LogDirectory, name: string, topicId: string): boolean {
    const found = this.#topicIds.get(name);
    this.#topicIds.delete(name);
    if (found === undefined) return false;
    if (found === topicId) return true;
    const { files, logger } = this.#doors;
    if (found === null || isMisread(found, topicId)) {
      logger.warn('partition.metadata-repaired', { path: join(home.path, name), was: found, topicId });
      home.labelPartition(name, topicId);
      return true;
    }
    const path = join(home.path, name);
    const aside = `${path}.${Buffer.from(found, 'base64url').toString('hex')}-stray`;
    logger.warn('log-moved-aside', {
      from: path,
      to: aside,
      topicId: found,
      next: 'remove it when you do not miss it',
    });
    files.rename(path, aside);
    return false;
  }
}

/** Ids are random: two that differ in one character are the same, one of them damaged. */
function isMisread(found: string, topicId: string): boolean {
  let different = 0;
  for (let i = 0; i < topicId.length; i++) if (found[i] !== topicId[i]) different++;
  return different === 1;
}
