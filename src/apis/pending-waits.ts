/** The requests of one connection that wait: they are cancelled when the client disconnects, so that none waits for nothing. */
export class PendingWaits {
  #cancels: (() => void)[] = [];

  /** A handler waits. `cancelWait` ends that early: the handler answers what it has, and releases what it holds. */
  add(cancelWait: () => void): void {
    this.#cancels.push(cancelWait);
  }

  /** Ends every wait now. */
  cancelAll(): void {
    const cancels = this.#cancels;
    this.#cancels = [];
    for (const cancelWait of cancels) cancelWait();
  }

  /** Every request that waited has been answered. */
  clear(): void {
    this.#cancels.length = 0;
  }
}
