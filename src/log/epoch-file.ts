/** Leader epochs as a log keeps them: in memory, and in `leader-epoch-checkpoint`, written whenever they change. */
import { isSystemError } from '../platform/disk-error.ts';
import type { Files } from '../platform/files.ts';
import type { EpochEndOffset, LeaderEpochs } from './leader-epochs.ts';

export class EpochFile {
  readonly #files: Files;
  readonly #path: string;
  readonly #epochs: LeaderEpochs;
  /** A write failed, on a disk that is full: it is tried again with the next append. */
  #isUnsaved = false;
  /** What the file says is on the disk for sure; whoever wrote it last may not have synced it. */
  #isSafe = false;

  constructor(files: Files, path: string, epochs: LeaderEpochs) {
    this.#files = files;
    this.#path = path;
    this.#epochs = epochs;
  }

  /** The leader epoch of the newest batch, or -1. */
  get latest(): number {
    return this.#epochs.latest;
  }

  epochOf(offset: number): number {
    return this.#epochs.epochOf(offset);
  }

  endOffsetFor(epoch: number, logEndOffset: number): EpochEndOffset {
    return this.#epochs.endOffsetFor(epoch, logEndOffset);
  }

  /** `epoch` writes from `startOffset` on. @throws the disk's error */
  begin(epoch: number, startOffset: number): void {
    if (epoch === this.#epochs.latest && !this.#isUnsaved) return;
    if (this.#epochs.assign(epoch, startOffset) || this.#isUnsaved) this.save();
  }

  /** See LeaderEpochs. A write that fails is tried again later. */
  truncateTo(endOffset: number): void {
    if (this.#epochs.truncateTo(endOffset)) this.#trySave();
  }

  truncateFrom(startOffset: number): void {
    if (this.#epochs.truncateFrom(startOffset)) this.#trySave();
  }

  /**
   * Must be true before the recovery point moves on: only from behind it are epochs read back from batches. False where the
   * disk has no room, say.
   */
  makeSafe(): boolean {
    if (this.#isSafe && !this.#isUnsaved) return true;
    try {
      this.#files.replace(this.#path, this.#epochs.encode());
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return false;
    }
    this.#isUnsaved = false;
    this.#isSafe = true;
    return true;
  }

  /** Not synced: see makeSafe. */
  save(): void {
    this.#isUnsaved = true;
    this.#isSafe = false;
    this.#files.replace(this.#path, this.#epochs.encode(), false);
    this.#isUnsaved = false;
  }

  #trySave(): void {
    try {
      this.save();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      // Noted in #isUnsaved; whoever cuts a log because its disk is full must not fail over this.
    }
  }
}
