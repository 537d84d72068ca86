/**
 * Hands out producer ids from blocks that the controller has allocated (KIP-730); a block's rest is lost at a restart. The next block
 * is asked for before the last ids of one are given away: while there is no controller, new producers find ids nevertheless.
 */
import type { Clock } from '../platform/clock.ts';

export interface ProducerIdBlock {
  readonly first: number;
  readonly size: number;
}

/** A part of a block that is left when the next one is asked for. */
const LOW = 0.1;
/** As long as a client waits before it is told to ask again. */
const WAIT_MS = 1000;

export class ProducerIds {
  readonly #clock: Clock;
  readonly #allocate: () => Promise<ProducerIdBlock>;
  #next = 0;
  #left = 0;
  #low = 0;
  #following: ProducerIdBlock | null = null;
  #allocating: Promise<void> | null = null;

  constructor(clock: Clock, allocate: () => Promise<ProducerIdBlock>) {
    this.#clock = clock;
    this.#allocate = allocate;
  }

  /** An id that no producer has had before. Rejects when the controller cannot allocate, or takes long. */
  async next(): Promise<number> {
    while (this.#left === 0) {
      if (this.#following === null) await this.#inTime(this.#refill());
      this.#begin();
    }
    this.#left--;
    if (this.#left < this.#low && this.#following === null) this.#refill().catch(() => {}); // who needs it asks again
    return this.#next++;
  }

  /** With the following block, unless another has taken it. */
  #begin(): void {
    if (this.#left > 0 || this.#following === null) return;
    const { first, size } = this.#following;
    this.#following = null;
    this.#next = first;
    this.#left = size;
    this.#low = size * LOW;
  }

  #refill(): Promise<void> {
    this.#allocating ??= this.#allocate()
      .then((block) => void (this.#following = block))
      .finally(() => (this.#allocating = null));
    return this.#allocating;
  }

  #inTime(allocated: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`the controller has given no producer ids within ${WAIT_MS} ms`));
      const timer = this.#clock.after(WAIT_MS, late);
      allocated.finally(() => timer.cancel()).then(resolve, reject);
    });
  }
}
