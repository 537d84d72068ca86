/** Requests that wait at a partition for more to read, or for its end. */

export interface Waiter {
  wake(): void;
}

/** Where a request waits. */
export interface WaitingPlace {
  add(waiter: Waiter): void;
  remove(waiter: Waiter): void;
}

export class Waiters implements WaitingPlace {
  readonly #waiters = new Set<Waiter>();

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  wake(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) waiter.wake();
  }
}
