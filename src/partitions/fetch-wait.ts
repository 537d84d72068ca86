/** A fetch that found too little waits at its partitions until there is enough, or its time is over. */
import type { Clock, Timer } from '../platform/clock.ts';
import type { Partition, Waiter } from './partition.ts';

export class FetchWait implements Waiter {
  readonly #partitions: readonly Partition[];
  readonly #isEnough: () => boolean;
  readonly #timer: Timer;
  #done: (() => void) | null;

  constructor(
    clock: Clock,
    partitions: readonly Partition[],
    maxWaitMs: number,
    isEnough: () => boolean,
    done: () => void,
  ) {
    this.#partitions = partitions;
    this.#isEnough = isEnough;
    this.#done = done;
    this.#timer = clock.after(maxWaitMs, () => this.finish());
    for (const partition of partitions) partition.addWaiter(this);
  }

  wake(): void {
    if (this.#done !== null && this.#isEnough()) this.finish();
  }

  /** Ends the wait now; harmless when it has ended. */
  finish(): void {
    const done = this.#done;
    if (done === null) return;
    this.#done = null;
    this.#timer.cancel();
    for (const partition of this.#partitions) partition.removeWaiter(this);
    done();
  }
}

/** Calls `done` once: when `isEnough` says so after something has changed, `maxWaitMs` from now, or at `finish()`. */
export function waitForMore(
  clock: Clock,
  partitions: readonly Partition[],
  maxWaitMs: number,
  isEnough: () => boolean,
  done: () => void,
): FetchWait {
  return new FetchWait(clock, partitions, maxWaitMs, isEnough, done);
}
