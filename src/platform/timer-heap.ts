/** Timers by when they are due, and those due at once in the order in which they were asked for: a binary heap. */

export interface DueTimer {
  readonly dueMs: number;
  /** Grows with every timer. */
  readonly order: number;
}

function isBefore(a: DueTimer, b: DueTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

export class TimerHeap<Timer extends DueTimer> {
  readonly #timers: Timer[] = [];

  get first(): Timer | undefined {
    return this.#timers[0];
  }

  all(): readonly Timer[] {
    return this.#timers;
  }

  add(timer: Timer): void {
    const timers = this.#timers;
    let at = timers.length;
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(timer, timers[parent]); parent = (at - 1) >> 1) {
      timers[at] = timers[parent];
      at = parent;
    }
    timers[at] = timer;
  }

  /** Takes the first one out. */
  take(): Timer | undefined {
    const timers = this.#timers;
    const [first] = timers;
    const last = timers.pop();
    if (last === undefined || timers.length === 0) return first;
    let at = 0;
    for (let child = 1; child < timers.length; child = 2 * at + 1) {
      if (child + 1 < timers.length && isBefore(timers[child + 1], timers[child])) child++;
      if (!isBefore(timers[child], last)) break;
      timers[at] = timers[child];
      at = child;
    }
    timers[at] = last;
    return first;
  }
}
