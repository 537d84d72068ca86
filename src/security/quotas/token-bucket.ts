/** Permits that come back with time (KIP-599): what is taken at once may be as much as all windows allow. PURE. */
import { throttleMs } from './throttle-time.ts';

export class TokenBucket {
  #tokens = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #burstSeconds: number;

  /** So many seconds' permits may be saved up. */
  constructor(burstSeconds: number) {
    this.#burstSeconds = burstSeconds;
  }

  /** How long until there is a permit again, by `rate` permits a second; 0: now. */
  waitMs(rate: number, nowMs: number): number {
    this.#refill(rate, nowMs);
    return this.#tokens >= 0 ? 0 : throttleMs((-this.#tokens / rate) * 1000);
  }

  /** It may owe some afterwards. */
  take(permits: number, rate: number, nowMs: number): void {
    this.#refill(rate, nowMs);
    this.#tokens -= permits;
  }

  #refill(rate: number, nowMs: number): void {
    const most = rate * this.#burstSeconds;
    this.#tokens = Math.min(most, this.#tokens + (rate * Math.max(0, nowMs - this.#lastMs)) / 1000);
    this.#lastMs = nowMs;
  }
}
