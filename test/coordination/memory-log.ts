/** A coordinator's log in memory: what is appended is committed at once, or when the test says so. */
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { AppendReceipt, StatePartition } from '../../src/coordination/state-partition.ts';
import { LogError } from '../../src/partitions/partition.ts';
import { batchPieces } from '../../src/partitions/record-pieces.ts';
import type { Clock, Timer } from '../../src/platform/clock.ts';

interface Wait {
  readonly lastOffset: number;
  readonly timer: Timer | undefined;
  readonly end: (errorCode: number) => void;
}

/** Keeps batches as bytes, so that what is read back has been through the formats of the disk. An offset is a batch here. */
export class MemoryLog implements StatePartition {
  readonly batches: Buffer[] = [];
  /** Every append is refused with this code while it is not 0. */
  failing = 0;
  /** Called between the pieces in which the log is read: one batch each. */
  pieceRead: (() => void) | null = null;
  /** What is appended from now on waits for `commit` or `lose`. */
  isHeld = false;
  /** Of any producer's transactions: how many have come. */
  markers = 0;
  readonly #clock: Clock | null;
  #waits: Wait[] = [];
  #committedTo = 0;

  /** With a clock, commits time out. */
  constructor(clock: Clock | null = null) {
    this.#clock = clock;
  }

  appendRecords(records: readonly RecordDraft[]): AppendReceipt {
    if (this.failing !== 0) throw new LogError(this.failing, 'the test has this append fail');
    this.batches.push(encodeBatch({ records: [...records] }));
    if (!this.isHeld) this.#committedTo = this.batches.length;
    return { lastOffset: this.batches.length - 1 };
  }

  committed({ lastOffset }: AppendReceipt, timeoutMs: number): number | Promise<number> {
    if (lastOffset < this.#committedTo) return ErrorCode.NONE;
    return new Promise((resolve) => {
      const end = (errorCode: number): void => {
        wait.timer?.cancel();
        this.#waits = this.#waits.filter((each) => each !== wait);
        resolve(errorCode);
      };
      const timer = this.#clock?.after(timeoutMs, () => end(ErrorCode.REQUEST_TIMED_OUT));
      const wait: Wait = { lastOffset, timer, end };
      this.#waits.push(wait);
    });
  }

  uncommittedEnd(): AppendReceipt | null {
    return this.#committedTo < this.batches.length ? { lastOffset: this.batches.length - 1 } : null;
  }

  /** So many batches are committed. */
  get committedTo(): number {
    return this.#committedTo;
  }

  /** How many answers wait. */
  get waiting(): number {
    return this.#waits.length;
  }

  /** All that was appended so far is committed, or the first of it. */
  commit(batches = this.batches.length): void {
    this.#committedTo = batches;
    for (const { lastOffset, end } of this.#waits) if (lastOffset < batches) end(ErrorCode.NONE);
  }

  /** What is not committed is cut off, as by another leader; those who wait are told why. */
  lose(errorCode: number): void {
    this.batches.length = this.#committedTo;
    for (const { end } of this.#waits) end(errorCode);
  }

  markersOf(): number {
    return this.markers;
  }

  hasOpenTransaction(): boolean {
    return false;
  }

  *recordPieces(...[visit, onUnreadable]: Parameters<StatePartition['recordPieces']>): Generator<void> {
    for (let at = 0; at < this.batches.length; at++) {
      yield* batchPieces(this.batches[at], 0, visit, onUnreadable);
      this.pieceRead?.();
      if (at + 1 < this.batches.length) yield;
    }
  }
}
