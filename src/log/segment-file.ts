/**
 * The open file of a segment's log, and which changes to it and its indexes fdatasync has confirmed.
 *
 *      resting ──file──▶ open ──close──▶ resting
 *         │               │
 *         └────delete─────┴──▶ deleted: who has the handle reads on until `close`; nothing opens the name again
 */
import type { OpenFile } from '../platform/files.ts';
import type { OwnedFiles } from './owned-files.ts';

export type SegmentState = 'resting' | 'open' | 'deleted';

interface Syncs {
  sync(): void;
  syncLater(): Promise<void>;
}

export interface SyncedFiles {
  readonly path: string;
  readonly transactions: Syncs;
  readonly offsetIndex: Syncs;
  readonly timeIndex: Syncs;
}

export class SegmentFile {
  /** Changes so far. */
  changes = 0;
  #confirmed = 0;
  #areIndexesUnsynced = false;
  #syncs = 0;
  #isClosing = false;
  #file: OpenFile | null = null;
  readonly #files: OwnedFiles;
  readonly #segment: SyncedFiles;

  constructor(files: OwnedFiles, segment: SyncedFiles) {
    this.#files = files;
    this.#segment = segment;
  }

  /** @throws {DeletedError} when the segment is deleted and the handle is closed, or never was open */
  get file(): OpenFile {
    return (this.#file ??= this.#files.open(this.#segment.path, 'write'));
  }

  get state(): SegmentState {
    if (this.#files.isDeleted) return 'deleted';
    return this.#file === null ? 'resting' : 'open';
  }

  get dirty(): boolean {
    return this.changes !== this.#confirmed;
  }

  /** Indexes are synced with the log once they are whole: until then a crash has them made anew. */
  noteIndexesSaved(): void {
    this.#areIndexesUnsynced = true;
    this.changes++;
  }

  /** Cuts off what lies behind `size`. */
  trim(size: number): void {
    if (this.#file !== null && this.#file.size() > size) this.#file.truncate(size);
  }

  sync(): void {
    const { transactions, offsetIndex, timeIndex } = this.#segment;
    if (!this.dirty) return transactions.sync();
    this.#files.check();
    this.file.sync();
    transactions.sync();
    if (this.#areIndexesUnsynced) {
      offsetIndex.sync();
      timeIndex.sync();
    }
    this.#areIndexesUnsynced = false;
    this.#confirmed = this.changes;
  }

  /** The same without stopping the event loop; what is changed meanwhile leaves it dirty. */
  async syncLater(): Promise<void> {
    if (!this.dirty) return;
    this.#files.check();
    const { transactions, offsetIndex, timeIndex } = this.#segment;
    const { changes } = this;
    this.#syncs++;
    try {
      const syncs = [this.file.syncLater(), transactions.syncLater()];
      if (this.#areIndexesUnsynced) syncs.push(offsetIndex.syncLater(), timeIndex.syncLater());
      await allDone(syncs);
    } finally {
      this.#syncs--;
      if (this.#isClosing) this.close();
    }
    this.#confirmed = Math.max(this.#confirmed, changes);
    if (!this.dirty) this.#areIndexesUnsynced = false;
  }

  /** A sync under way keeps the handle: its number must not go to another file before that is done. */
  close(): void {
    this.#isClosing = this.#syncs > 0;
    if (this.#isClosing) return;
    this.#file?.close();
    this.#file = null;
  }
}

/** As Promise.all, but a failure does not come before the others are done: they need their handles until then. */
export async function allDone(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === 'rejected') throw result.reason;
}
