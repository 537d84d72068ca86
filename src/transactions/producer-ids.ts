/**
 * Hands out producer ids from blocks that the controller has allocated (KIP-730); a block's rest is lost at a restart. The next block
 * is asked for before the last ids of one are given away: while there is no controller, new producers find ids nevertheless.
 *
 * A controller whose metadata log has gone back, for etcd was restored from a backup, allocates ids that producers have. Where such a
 * one has left its traces at this broker, all ids up to it are passed over: else batches of the next would be taken for its own.
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
const NONE = -1;
/** Of ids that others have, in the life of a process. */
const MOST_PASSED_OVER = 1_000_000;

export class ProducerIds {
  readonly #clock: Clock;
  readonly #allocate: () => Promise<ProducerIdBlock>;
  readonly #largestTaken: (end: number) => number;
  #next = 0;
  #left = 0;
  #low = 0;
  #following: ProducerIdBlock | null = null;
  #allocating: Promise<void> | null = null;
  #mayPassOver = MOST_PASSED_OVER;

  /** `largestTaken`: of the ids below `end` that producers have as far as this broker knows, -1 without any; asked when a block comes. */
  constructor(
    clock: Clock,
    allocate: () => Promise<ProducerIdBlock>,
    largestTaken: (end: number) => number = () => NONE,
  ) {
    this.#clock = clock;
    this.#allocate = allocate;
    this.#largestTaken = largestTaken;
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
      .then((block) => void (this.#following = this.#untaken(block)))
      .finally(() => (this.#allocating = null));
    return this.#allocating;
  }

  /** What of a block nobody has. Ids far beyond it are of clients that have made them up: they say nothing. */
  #untaken(block: ProducerIdBlock): ProducerIdBlock {
    const { first, size } = block;
    const taken = this.#largestTaken(first + this.#mayPassOver) + 1 - first;
    if (taken <= 0) return block;
    const passed = Math.min(size, taken);
    this.#mayPassOver -= passed;
    return { first: first + passed, size: size - passed };
  }

  #inTime(allocated: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`the controller has given no producer ids within ${WAIT_MS} ms`));
      const timer = this.#clock.after(WAIT_MS, late);
      allocated.finally(() => timer.cancel()).then(resolve, reject);
    });
  }
}
