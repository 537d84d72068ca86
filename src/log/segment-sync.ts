/** Which changes to a segment's files fdatasync has confirmed, and the confirming. */
import type { OpenFile } from '../platform/files.ts';

interface Syncs {
  sync(): void;
  syncLater(): Promise<void>;
}

export interface SyncedFiles {
  readonly file: OpenFile;
  readonly transactions: Syncs;
  readonly offsetIndex: Syncs;
  readonly timeIndex: Syncs;
}

export class SegmentSync {
  /** Changes so far. */
  changes = 0;
  #confirmed = 0;
  #areIndexesUnsynced = false;
  #underWay = 0;
  readonly #files: SyncedFiles;

  constructor(files: SyncedFiles) {
    this.#files = files;
  }

  get dirty(): boolean {
    return this.changes !== this.#confirmed;
  }

  get isUnderWay(): boolean {
    return this.#underWay > 0;
  }

  /** Indexes are synced with the log once they are whole: until then a crash has them made anew. */
  noteIndexesSaved(): void {
    this.#areIndexesUnsynced = true;
    this.changes++;
  }

  sync(): void {
    const { file, transactions, offsetIndex, timeIndex } = this.#files;
    file.sync();
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
    const { file, transactions, offsetIndex, timeIndex } = this.#files;
    const { changes } = this;
    const syncs = [file.syncLater(), transactions.syncLater()];
    if (this.#areIndexesUnsynced) syncs.push(offsetIndex.syncLater(), timeIndex.syncLater());
    this.#underWay++;
    try {
      await Promise.all(syncs);
    } finally {
      this.#underWay--;
    }
    this.#confirmed = Math.max(this.#confirmed, changes);
    if (!this.dirty) this.#areIndexesUnsynced = false;
  }
}
