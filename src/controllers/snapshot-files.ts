/** The snapshots of a controller that keeps its metadata log in files: written in pieces, and there once they are whole and synced. */
import { join } from 'node:path';
import { checkpointIn, checkpointName, METADATA_DIRECTORY, PART, wholeBatches } from '../cluster/metadata-directory.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import { PIECE_BYTES, type SnapshotId } from './metadata-log.ts';

export class SnapshotFiles {
  readonly #files: Files;
  readonly #directory: string;
  /** Those that are there, oldest first. */
  #all: SnapshotId[];

  /** `logDirectory` is the first of log.dirs. One that is damaged is left alone, and one that was never whole goes. */
  constructor(files: Files, logDirectory: string, logger: Logger) {
    this.#files = files;
    this.#directory = join(logDirectory, METADATA_DIRECTORY);
    const names = files.list(this.#directory);
    for (const name of names) if (name.endsWith(PART)) files.remove(join(this.#directory, name));
    this.#all = names.flatMap((name) => {
      const id = checkpointIn(name);
      if (id === null || this.#isWhole(id)) return id ?? [];
      logger.warn('metadata-snapshot-damaged', { file: name, next: 'the one before it and the log are read' });
      return [];
    });
  }

  get all(): readonly SnapshotId[] {
    return this.#all;
  }

  readAll(id: SnapshotId): Buffer {
    return this.#files.readAll(this.#path(id));
  }

  size(id: SnapshotId): number {
    return this.#files.size(this.#path(id));
  }

  /** Null where it is there no more. */
  piece(id: SnapshotId, piece: number): Buffer | null {
    if (!this.#files.exists(this.#path(id))) return null;
    const file = this.#files.open(this.#path(id), 'read');
    try {
      const bytes = Buffer.alloc(PIECE_BYTES);
      return bytes.subarray(0, file.read(bytes, 0, PIECE_BYTES, piece * PIECE_BYTES));
    } finally {
      file.close();
    }
  }

  /** @throws the disk's error */
  putPiece(id: SnapshotId, piece: number, value: Buffer): void {
    const file = this.#files.open(this.#path(id) + PART, 'write');
    try {
      if (piece === 0) file.truncate(0);
      file.write(value, 0, value.length, piece * PIECE_BYTES);
      file.sync();
    } finally {
      file.close();
    }
  }

  /** All its pieces are there. @throws the disk's error */
  publish(id: SnapshotId): void {
    this.#files.rename(this.#path(id) + PART, this.#path(id));
    this.#files.syncDirectory(this.#directory);
    this.#all.push(id);
  }

  removeBefore(endOffset: number): void {
    for (const id of this.#all) if (id.endOffset < endOffset) this.#files.remove(this.#path(id));
    this.#all = this.#all.filter((id) => id.endOffset >= endOffset);
  }

  #isWhole(id: SnapshotId): boolean {
    const bytes = this.readAll(id);
    return bytes.length > 0 && wholeBatches(bytes) === bytes.length;
  }

  #path(id: SnapshotId): string {
    return join(this.#directory, checkpointName(id));
  }
}
