/** Runs the long work of coordinators (reading a log, a sweep over all groups) in slices, and answers requests between them. */
import type { Clock, Timer } from '../platform/clock.ts';

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
