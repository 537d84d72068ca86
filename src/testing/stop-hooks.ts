/** What a test wants to run before its broker stops: its application ends while there is a broker to say goodbye to. */
export class StopHooks {
  #hooks: (() => unknown)[] = [];

  add(run: () => unknown): void {
    if (typeof run !== 'function') throw new TypeError('onStop takes a function: kafka.onStop(() => app.stop())');
    this.#hooks.push(run);
  }

  /** Runs all of them, the last added first, though one fails; they are forgotten. Answers what they threw. */
  async run(): Promise<unknown[]> {
    const errors: unknown[] = [];
    const hooks = this.#hooks.toReversed();
    this.#hooks = [];
    for (const hook of hooks) {
      try {
        await hook();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}

/** Nothing for none, the error itself for one, all of them for several. */
export function throwAll(errors: readonly unknown[], message: string): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, message);
}
