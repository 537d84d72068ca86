/**
 * The open transactions of a partition, and where the oldest of them begins. A Map alone would do but for its front: where entries
 * come and go in order, each look at the first passes over all that have gone. PURE.
 */

interface Begun {
  readonly producerId: number;
  readonly firstOffset: number;
}

const NONE = -1;
/** So many that have ended may stay in the queue, and as many as are open. */
const KEPT_ENDED = 64;

export class OpenTransactions {
  /** First offsets by producer id. */
  readonly #open = new Map<number, number>();
  /** In the order of their first offsets; those that have ended are passed over. */
  #queue: Begun[] = [];
  #head = 0;

  /** Each begins behind those that have begun before. */
  begin(producerId: number, firstOffset: number): void {
    this.#open.set(producerId, firstOffset);
    if (this.#queue.length > 2 * this.#open.size + KEPT_ENDED) {
      this.#queue = this.#queue.filter((begun) => this.#isOpen(begun));
      this.#head = 0;
    }
    this.#queue.push({ producerId, firstOffset });
  }

  end(producerId: number): void {
    this.#open.delete(producerId);
  }

  /** Where the oldest begins, or -1. */
  get firstOffset(): number {
    while (this.#head < this.#queue.length && !this.#isOpen(this.#queue[this.#head])) this.#head++;
    return this.#head < this.#queue.length ? this.#queue[this.#head].firstOffset : NONE;
  }

  #isOpen({ producerId, firstOffset }: Begun): boolean {
    return this.#open.get(producerId) === firstOffset;
  }
}
