/** Leader epochs as a log keeps them: in memory, and in `leader-epoch-checkpoint`, written whenever they change. */
import type { Files } from '../platform/files.ts';
import type { EpochEndOffset, LeaderEpochs } from './leader-epochs.ts';

export class EpochFile {
  readonly #files: Files;
  readonly #path: string;
  readonly #epochs: LeaderEpochs;
  /** A write failed, on a disk that is full: it is tried again with the next append. */
  #isUnsaved = false;

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

  saveIfNeeded(): void {
    if (this.#isUnsaved) this.save();
  }

  /** Not synced: after a crash the epochs are read from the batches as well. */
  save(): void {
    this.#isUnsaved = true;
    this.#files.replace(this.#path, this.#epochs.encode(), false);
    this.#isUnsaved = false;
  }

  #trySave(): void {
    try {
      this.save();
    } catch {
      // Noted in #isUnsaved; whoever cuts a log because its disk is full must not fail over this.
    }
  }
}
