/** Appends of one partition whose answers wait: for the disk, or for the replicas as well, these up to a time. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Receipt } from './receipt.ts';

/** What an answer waits for. */
export const Until = { flushed: 0, committed: 1 } as const;
export type Until = (typeof Until)[keyof typeof Until];

/** In the place of an error code: it is not known yet. */
export const PENDING = -2;

interface Wait {
  readonly receipt: Receipt;
  readonly until: Until;
  readonly timeoutMs: number;
  timer: Timer | null;
  readonly resolve: (errorCode: number) => void;
}

export class CommitWaits {
  readonly #clock: Clock;
  readonly #outcome: (receipt: Receipt, until: Until) => number;
  /** In the order of their appends, nearly. */
  #waits: Wait[] = [];

  /** `outcome` says what an append has come to: an error code, or PENDING. */
  constructor(clock: Clock, outcome: (receipt: Receipt, until: Until) => number) {
    this.#clock = clock;
    this.#outcome = outcome;
  }

  /** Resolves with the outcome, REQUEST_TIMED_OUT when it takes longer than `timeoutMs`. */
  add(receipt: Receipt, until: Until, timeoutMs: number): Promise<number> {
    return new Promise((resolve) => {
      const wait: Wait = { receipt, until, timeoutMs, timer: null, resolve };
      this.#waits.push(wait);
      this.#startTimer(wait);
    });
  }

  /** Something has changed that may decide some of them. */
  review(): void {
    if (this.#waits.length === 0) return;
    const left: Wait[] = [];
    const decided: [Wait, number][] = [];
    for (const wait of this.#waits) {
      const errorCode = this.#outcome(wait.receipt, wait.until);
      if (errorCode === PENDING) left.push(wait);
      else decided.push([wait, errorCode]);
    }
    this.#waits = left;
    for (const wait of left) this.#startTimer(wait);
    for (const [{ timer, resolve }, errorCode] of decided) {
      timer?.cancel();
      resolve(errorCode);
    }
  }

  /** Ends all of them. */
  end(errorCode: number): void {
    const waits = this.#waits;
    this.#waits = [];
    for (const { timer, resolve } of waits) {
      timer?.cancel();
      resolve(errorCode);
    }
  }

  /** The time of a Produce is for its replicas: as in Kafka it begins when the leader's own disk is done. */
  #startTimer(wait: Wait): void {
    if (wait.timer !== null || wait.until === Until.flushed) return;
    if (this.#outcome(wait.receipt, Until.flushed) === PENDING) return;
    wait.timer = this.#clock.after(Math.max(0, wait.timeoutMs), () => {
      this.#waits = this.#waits.filter((other) => other !== wait);
      wait.resolve(ErrorCode.REQUEST_TIMED_OUT);
    });
  }
}
