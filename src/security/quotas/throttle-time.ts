/** How long a client is throttled, as a response can say it, and as metrics do. */

/** What throttle_time_ms holds: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Whole milliseconds; where a quota is next to nothing, as long as can be said. */
export function throttleMs(ms: number): number {
  return Math.min(LONGEST_MS, Math.round(ms));
}

/** As Kafka's metrics.sample.window.ms and metrics.num.samples have it: of this window and the one before. */
const WINDOW_MS = 30_000;

/** The average of the throttles of the last minute. */
export class AverageThrottle {
  #sinceMs = Number.NEGATIVE_INFINITY;
  #now = { sum: 0, count: 0 };
  #before = { sum: 0, count: 0 };

  record(ms: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#now.sum += ms;
    this.#now.count++;
  }

  /** 0 where there were none. */
  at(nowMs: number): number {
    this.#turn(nowMs);
    const count = this.#now.count + this.#before.count;
    return count === 0 ? 0 : (this.#now.sum + this.#before.sum) / count;
  }

  #turn(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs < WINDOW_MS) return;
    this.#before = elapsedMs < 2 * WINDOW_MS ? this.#now : { sum: 0, count: 0 };
    this.#now = { sum: 0, count: 0 };
    this.#sinceMs = nowMs;
  }
}
