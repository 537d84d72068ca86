/** A promise that knows whether anybody waits for it, so that one that was forgotten can be named. */
export class Wait<T> extends Promise<T> {
  /** What `then` makes is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #onAwaited: (() => void) | null = null;

  /** Once: when it is awaited, or given to Promise.all, expect(…).resolves and the like. */
  onAwaited(run: () => void): void {
    this.#onAwaited = run;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise is one
  override then<Resolved = T, Rejected = never>(
    resolved?: ((value: T) => Resolved | PromiseLike<Resolved>) | null,
    rejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Resolved | Rejected> {
    this.#onAwaited?.();
    return super.then(resolved, rejected);
  }

  /** Keeps a rejection that nobody looks at from ending the process: the test has ended before it. */
  ignoreRejection(): void {
    void super.then(undefined, () => {});
  }
}
