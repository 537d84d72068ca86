/** Hands out producer ids from blocks that the controller has allocated (KIP-730); a block's rest is lost at a restart. */

export interface ProducerIdBlock {
  readonly first: number;
  readonly size: number;
}

export class ProducerIds {
  readonly #allocate: () => Promise<ProducerIdBlock>;
  #next = 0;
  #left = 0;
  #allocating: Promise<void> | null = null;

  constructor(allocate: () => Promise<ProducerIdBlock>) {
    this.#allocate = allocate;
  }

  /** An id that no producer has had before. Rejects when the controller cannot allocate. */
  async next(): Promise<number> {
    while (this.#left === 0) await (this.#allocating ??= this.#refill());
    this.#left--;
    return this.#next++;
  }

  async #refill(): Promise<void> {
    try {
      const { first, size } = await this.#allocate();
      this.#next = first;
      this.#left = size;
    } finally {
      this.#allocating = null;
    }
  }
}
