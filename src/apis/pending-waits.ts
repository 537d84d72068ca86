/** The requests of one connection that wait: they are cancelled when the client disconnects, so that none waits for nothing. */
export class PendingWaits {
  #cancels: (() => void)[] = [];
  #ends: (() => void)[] = [];
  #hasEnded = false;

  /**
   * A handler waits. `cancelWait` ends that early: the handler answers what it has, and releases what it holds. At once where the
   * connection has ended, while the handler did something else.
   */
  add(cancelWait: () => void): void {
    if (this.#hasEnded) cancelWait();
    else this.#cancels.push(cancelWait);
  }

  /** Something is bound to the connection: `run` is called once, when it has ended. */
  whenEnded(run: () => void): void {
    if (this.#hasEnded) run();
    else this.#ends.push(run);
  }

  /** Whether the connection has ended: nobody gets an answer any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The connection has ended. */
  end(): void {
    this.#hasEnded = true;
    const ends = this.#ends;
    this.#ends = [];
    for (const run of ends) run(); // first: what waits is not to be given anything any more
    this.cancelAll();
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
