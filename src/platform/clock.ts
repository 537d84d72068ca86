/** Time as a parameter: the wall clock, a clock that never jumps, and timers. Tests pass a VirtualClock. */
import { TimerHeap, type DueTimer } from './timer-heap.ts';

export interface Timer {
  /** Harmless when the timer has fired or was cancelled before. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970, as the operating system tells; may jump. For timestamps in records and answers. */
  now(): number;
  /** Milliseconds since some start, never back. For time-outs and durations. */
  monotonic(): number;
  /** Runs `run` once, `delayMs` from now. A delay over 24 days is cut to that. */
  after(delayMs: number, run: () => void): Timer;
}

const LONGEST_DELAY_MS = 0x7fffffff;

/** As they were when the process began: a test that fakes its timers must not stop a broker beside it. */
const { setTimeout, clearTimeout, setImmediate } = globalThis;
const monotonic = performance.now.bind(performance);

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => monotonic(),
  after(delayMs, run) {
    const handle = setTimeout(run, Math.min(delayMs, LONGEST_DELAY_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** The same, but its timers do not keep the process alive. */
export const backgroundClock: Clock = {
  now: () => Date.now(),
  monotonic: () => monotonic(),
  after(delayMs, run) {
    const handle = setTimeout(run, Math.min(delayMs, LONGEST_DELAY_MS));
    handle.unref?.();
    return { cancel: () => clearTimeout(handle) };
  },
};

interface Pending extends DueTimer {
  /** Null: it was cancelled. */
  run: (() => void) | null;
}

/** A clock that stands still until told to advance; timers due on the way run in the order of their times. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #order = 0;
  readonly #pending = new TimerHeap<Pending>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const pending: Pending = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#pending.add(pending);
    return {
      cancel: () => {
        pending.run = null;
      },
    };
  }

  /** Moves time forward, letting promises settle after every timer that fires; `settled` says when they have. */
  async advance(byMs: number, settled: () => Promise<void> = nextTurn): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#moveTo(next.dueMs);
      next.run?.();
      await settled();
    }
    this.#moveTo(untilMs);
    await settled();
  }

  /** How many timers wait; a test asserts 0 after a stop. */
  get waiting(): number {
    return this.#pending.all().filter(({ run }) => run !== null).length;
  }

  #next(untilMs: number): Pending | undefined {
    while (this.#pending.first?.run === null) this.#pending.take();
    const { first } = this.#pending;
    return first !== undefined && first.dueMs <= untilMs ? this.#pending.take() : undefined;
  }

  #moveTo(elapsedMs: number): void {
    if (elapsedMs <= this.#elapsedMs) return;
    this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }
}

/** Lets every promise that can settle without time passing do so, and what has come from outside be seen. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
