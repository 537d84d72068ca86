/**
 * Word that something may have changed in the broker: a request was answered, a timer ran, the cluster changed, the test did
 * something. Waiters look again at each; nobody polls.
 */
import { systemClock, type Clock, type Timer } from '../platform/clock.ts';

export class Activity {
  readonly #listeners = new Set<() => void>();
  #pending = false;
  /** Grows with every word. */
  revision = 0;

  /** Listeners are told once for all that happens in one go. */
  notify(): void {
    this.revision++;
    if (this.#pending || this.#listeners.size === 0) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      for (const listener of this.#listeners) listener();
    });
  }

  /** Answers what ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves with the revision as soon as it is another than this, at the latest after so long. */
  changedSince(revision: number, timeoutMs: number): Promise<number> {
    if (revision !== this.revision) return Promise.resolve(this.revision);
    return new Promise((resolve) => {
      const done = (): void => {
        end();
        timer.cancel();
        resolve(this.revision);
      };
      const end = this.listen(done);
      const timer = systemClock.after(timeoutMs, done);
    });
  }
}

/**
 * The same clock; what its timers do is activity, and what they begin and promises end. What is to happen at once happens,
 * though a virtual clock stands still.
 */
export function observed(clock: Clock, activity: Activity): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (delayMs: number, run: () => void): Timer =>
      (delayMs > 0 ? clock : systemClock).after(delayMs, () => {
        run();
        activity.notify();
        queueMicrotask(() => queueMicrotask(() => activity.notify()));
      }),
  };
}
