/** The timers of one group, made so that a heartbeat costs a comparison: a session's timer moves on when it fires. */
import type { Clock, Timer } from '../platform/clock.ts';
import type { TimerName } from './classic-state.ts';

interface Running {
  deadlineMs: number;
  /** When `timer` will fire: never after the deadline. */
  dueMs: number;
  timer: Timer;
}

export class GroupTimers {
  readonly #clock: Clock;
  readonly #fired: (timer: TimerName, memberId: string) => void;
  /** By member id; '' is no member's. */
  readonly #running: { readonly [Name in TimerName]: Map<string, Running> } = {
    join: new Map(), sync: new Map(), session: new Map(),
  };

  constructor(clock: Clock, fired: (timer: TimerName, memberId: string) => void) {
    this.#clock = clock;
    this.#fired = fired;
  }

  /** Starts the timer, or moves it. */
  start(name: TimerName, memberId: string, afterMs: number): void {
    const deadlineMs = this.#clock.monotonic() + afterMs;
    const running = this.#running[name].get(memberId);
    if (running !== undefined && running.dueMs <= deadlineMs) {
      running.deadlineMs = deadlineMs;
      return;
    }
    running?.timer.cancel();
    this.#arm(name, memberId, deadlineMs, afterMs);
  }

  cancel(name: TimerName, memberId: string): void {
    this.#running[name].get(memberId)?.timer.cancel();
    this.#running[name].delete(memberId);
  }

  #arm(name: TimerName, memberId: string, deadlineMs: number, afterMs: number): void {
    const timer = this.#clock.after(afterMs, () => this.#due(name, memberId));
    this.#running[name].set(memberId, { deadlineMs, dueMs: deadlineMs, timer });
  }

  #due(name: TimerName, memberId: string): void {
    const running = this.#running[name].get(memberId) as Running;
    const leftMs = running.deadlineMs - this.#clock.monotonic();
    if (leftMs > 0) return this.#arm(name, memberId, running.deadlineMs, leftMs);
    this.#running[name].delete(memberId);
    this.#fired(name, memberId);
  }
}
