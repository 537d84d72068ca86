/** Deletions of records that wait until all replicas have done the same (DeleteRecords), up to a time. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { PENDING } from './commit-waits.ts';

interface Wait {
  readonly offset: number;
  readonly timer: Timer;
  readonly resolve: (errorCode: number) => void;
}

export class DeletionWaits {
  readonly #clock: Clock;
  readonly #outcome: (offset: number) => number;
  readonly #waits = new Set<Wait>();

  /** `outcome` says what has become of the records before an offset: an error code, or PENDING. */
  constructor(clock: Clock, outcome: (offset: number) => number) {
    this.#clock = clock;
    this.#outcome = outcome;
  }

  /** Resolves with the outcome, REQUEST_TIMED_OUT when it takes longer than `timeoutMs`. */
  add(offset: number, timeoutMs: number): Promise<number> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(Math.max(0, timeoutMs), () => this.#end(wait, ErrorCode.REQUEST_TIMED_OUT));
      const wait: Wait = { offset, timer, resolve };
      this.#waits.add(wait);
    });
  }

  /** Something has changed that may decide some of them. */
  review(): void {
    for (const wait of this.#waits) {
      const errorCode = this.#outcome(wait.offset);
      if (errorCode !== PENDING) this.#end(wait, errorCode);
    }
  }

  #end(wait: Wait, errorCode: number): void {
    wait.timer.cancel();
    this.#waits.delete(wait);
    wait.resolve(errorCode);
  }
}
