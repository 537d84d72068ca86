/** A fetch that found too little waits at its partitions, as a consumer or a follower, until there is enough or its time is over. */
import type { Clock, Timer } from '../platform/clock.ts';
import type { Waiter, WaitingPlace } from './waiters.ts';

export class FetchWait implements Waiter {
  readonly #places: readonly WaitingPlace[];
  readonly #isEnough: () => boolean;
  readonly #timer: Timer;
  #done: (() => void) | null;

  constructor(
    clock: Clock,
    places: readonly WaitingPlace[],
    maxWaitMs: number,
    isEnough: () => boolean,
    done: () => void,
  ) {
    this.#places = places;
    this.#isEnough = isEnough;
    this.#done = done;
    this.#timer = clock.after(maxWaitMs, () => this.finish());
    for (const place of places) place.add(this);
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
    for (const place of this.#places) place.remove(this);
    done();
  }
}

/** Calls `done` once: when `isEnough` says so after something has changed, `maxWaitMs` from now, or at `finish()`. */
export function waitForMore(
  clock: Clock,
  places: readonly WaitingPlace[],
  maxWaitMs: number,
  isEnough: () => boolean,
  done: () => void,
): FetchWait {
  return new FetchWait(clock, places, maxWaitMs, isEnough, done);
}
