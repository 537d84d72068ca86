/** Runs the long work of coordinators (reading a log, a sweep over all groups) in slices, and answers requests between them. */
import type { Clock, Timer } from '../platform/clock.ts';
import type { Answer } from './answers.ts';

export interface SlicedTask {
  /** Each turn does one small piece of the work. */
  readonly pieces: Iterator<unknown>;
  done(): void;
  failed(error: unknown): void;
}

/** A request that comes meanwhile waits this long at most, and as long as one piece takes. */
const SLICE_MS = 10;

export class SlicedTasks {
  readonly #clock: Clock;
  readonly #restMs: number;
  readonly #queue: SlicedTask[] = [];
  #untilMs = -Infinity;
  #next: Timer | null = null;

  /** A task that is started `restMs` after the last slice, or later, begins with a slice of its own. */
  constructor(clock: Clock, restMs: number) {
    this.#clock = clock;
    this.#restMs = restMs;
  }

  /**
   * A small task is done when this returns; the rest of a large one, or of many, follows between requests. Each task ends
   * with `done` or `failed`, unless it is cancelled.
   */
  start(task: SlicedTask): void {
    this.#queue.push(task);
    if (this.#next !== null) return;
    const nowMs = this.#clock.monotonic();
    if (nowMs >= this.#untilMs + this.#restMs) this.#untilMs = nowMs + SLICE_MS;
    this.#run();
  }

  /** What the pieces come to: at once where they take no longer than what is left of the slice. Never, after `stop`. */
  run<T>(pieces: Generator<unknown, T>): Answer<T> {
    let result: { readonly value: T } | null = null;
    let settle: ((value: T) => void) | null = null;
    let reject: ((error: unknown) => void) | null = null;
    let failure: { readonly error: unknown } | null = null;
    const keep = function* (): Generator<unknown, void> {
      result = { value: yield* pieces };
    };
    this.start({
      pieces: keep(),
      done: () => settle?.(result!.value),
      failed: (error) => (reject === null ? (failure = { error }) : reject(error)),
    });
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
    if (result !== null) return (result as { readonly value: T }).value;
    return new Promise((onDone, onFailed) => {
      settle = onDone;
      reject = onFailed;
    });
  }

  cancel(task: SlicedTask): void {
    const index = this.#queue.indexOf(task);
    if (index !== -1) this.#queue.splice(index, 1);
  }

  /** Cancels all tasks and leaves no timer behind. */
  stop(): void {
    this.#queue.length = 0;
    this.#next?.cancel();
    this.#next = null;
  }

  #run(): void {
    while (this.#queue.length > 0 && this.#clock.monotonic() < this.#untilMs) this.#doPiece(this.#queue[0]);
    this.#next = this.#queue.length === 0 ? null : this.#clock.after(0, () => this.#slice());
  }

  #slice(): void {
    this.#untilMs = this.#clock.monotonic() + SLICE_MS;
    this.#run();
  }

  #doPiece(task: SlicedTask): void {
    try {
      if (task.pieces.next().done !== true) return;
    } catch (error) {
      this.cancel(task);
      return task.failed(error);
    }
    this.cancel(task);
    task.done();
  }
}
