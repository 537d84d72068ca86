/** How long a client is throttled, as a response can say it. */

/** What throttle_time_ms holds: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Whole milliseconds; where a quota is next to nothing, as long as can be said. */
export function throttleMs(ms: number): number {
  return Math.min(LONGEST_MS, Math.round(ms));
}
