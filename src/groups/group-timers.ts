/** The timers of one group, made so that a heartbeat costs a comparison: a session's timer moves on when it fires. */
import type { Clock, Timer } from '../platform/clock.ts';

interface Running {
  deadlineMs: number;
  /** When `timer` will fire: never after the deadline. */
  dueMs: number;
  timer: Timer;
}

export class GroupTimers<Name extends string> {
  readonly #clock: Clock;
  readonly #fired: (timer: Name, memberId: string) => void;
  /** By member id; '' is no member's. */
  readonly #running: Readonly<Record<Name, Map<string, Running>>>;

  constructor(names: readonly Name[], clock: Clock, fired: (timer: Name, memberId: string) => void) {
    this.#running = Object.fromEntries(names.map((name) => [name, new Map()])) as Record<Name, Map<string, Running>>;
    this.#clock = clock;
    this.#fired = fired;
  }

  /** Starts the timer, or moves it. */
  start(name: Name, memberId: string, afterMs: number): void {
    const deadlineMs = this.#clock.monotonic() + afterMs;
    const running = this.#running[name].get(memberId);
    if (running !== undefined && running.dueMs <= deadlineMs) {
      running.deadlineMs = deadlineMs;
      return;
    }
    running?.timer.cancel();
    this.#arm(name, memberId, deadlineMs, afterMs);
  }

  isRunning(name: Name, memberId: string): boolean {
    return this.#running[name].has(memberId);
  }

  /** Milliseconds until the timer is due; null where it does not run. */
  leftMs(name: Name, memberId: string): number | null {
    const running = this.#running[name].get(memberId);
    return running === undefined ? null : running.deadlineMs - this.#clock.monotonic();
  }

  /** No timer of this group fires any more. */
  cancelAll(): void {
    for (const running of Object.values<Map<string, Running>>(this.#running)) {
      for (const { timer } of running.values()) timer.cancel();
      running.clear();
    }
  }

  cancel(name: Name, memberId: string): void {
    this.#running[name].get(memberId)?.timer.cancel();
    this.#running[name].delete(memberId);
  }

  #arm(name: Name, memberId: string, deadlineMs: number, afterMs: number): void {
    const timer = this.#clock.after(afterMs, () => this.#due(name, memberId));
    this.#running[name].set(memberId, { deadlineMs, dueMs: deadlineMs, timer });
  }

  #due(name: Name, memberId: string): void {
    const running = this.#running[name].get(memberId) as Running;
    const leftMs = running.deadlineMs - this.#clock.monotonic();
    // A timer knows whole milliseconds: to wait for the rest of one would end every session a little late.
    if (leftMs >= 1) return this.#arm(name, memberId, running.deadlineMs, leftMs);
    this.#running[name].delete(memberId);
    this.#fired(name, memberId);
  }
}
