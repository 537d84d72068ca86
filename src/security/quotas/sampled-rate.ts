/** A rate over the last windows of time, as Kafka's metrics have it: an amount in each window, and the oldest forgotten. PURE. */
import { throttleMs } from './throttle-time.ts';

export interface RateWindows {
  /** quota.window.num */
  readonly count: number;
  /** quota.window.size.seconds, in milliseconds. */
  readonly sizeMs: number;
}

interface Sample {
  startMs: number;
  lastEventMs: number;
  amount: number;
}

export class SampledRate {
  readonly #windows: RateWindows;
  /** All windows but one: a rate is of as much time at least. */
  readonly #leastMs: number;
  /** One more than windows: the oldest may still reach into them. */
  readonly #samples: Sample[] = [];
  #current = 0;
  /** Of all samples. It stands, and so does where the oldest begins, until then: so that most requests look at one sample. */
  #sum = 0;
  #oldestMs = 0;
  #standsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(windows: RateWindows) {
    this.#windows = windows;
    this.#leastMs = (windows.count - 1) * windows.sizeMs;
  }

  /** Times are milliseconds that never go back. */
  record(amount: number, nowMs: number): void {
    const sample = this.#sampleAt(nowMs);
    sample.amount += amount;
    sample.lastEventMs = nowMs;
    this.#sum += amount;
  }

  /** An amount a second. */
  perSecond(nowMs: number): number {
    return this.#sumAt(nowMs) / (this.#elapsedMs(nowMs) / 1000);
  }

  /** How long the rate takes to fall to `bound` where nothing is added; 0 where it is not above. */
  excessMs(bound: number, nowMs: number): number {
    if (this.#sumAt(nowMs) * 1000 <= bound * this.#leastMs) return 0; // without a division, as for nearly all requests
    const rate = this.perSecond(nowMs);
    return rate <= bound ? 0 : throttleMs(((rate - bound) / bound) * this.#elapsedMs(nowMs));
  }

  #sumAt(nowMs: number): number {
    if (nowMs >= this.#standsUntilMs) this.#forget(nowMs);
    return this.#sum;
  }

  /** The time that the samples are of; as if it were all windows but one where it is less. */
  #elapsedMs(nowMs: number): number {
    const elapsedMs = nowMs - this.#oldestMs;
    return Math.max(1, elapsedMs < this.#leastMs ? this.#leastMs + (elapsedMs % this.#windows.sizeMs) : elapsedMs);
  }

  #sampleAt(nowMs: number): Sample {
    const { count, sizeMs } = this.#windows;
    const current = this.#samples[this.#current];
    if (current !== undefined && nowMs - current.startMs < sizeMs) return current;
    if (current !== undefined) this.#current = (this.#current + 1) % (count + 1);
    this.#standsUntilMs = Number.NEGATIVE_INFINITY;
    return (this.#samples[this.#current] = { startMs: nowMs, lastEventMs: nowMs, amount: 0 });
  }

  #forget(nowMs: number): void {
    const { count, sizeMs } = this.#windows;
    const keptMs = count * sizeMs;
    this.#sum = 0;
    this.#oldestMs = nowMs;
    this.#standsUntilMs = nowMs + keptMs;
    for (const sample of this.#samples) {
      if (nowMs - sample.lastEventMs >= keptMs) {
        sample.startMs = nowMs;
        sample.lastEventMs = nowMs;
        sample.amount = 0;
      }
      this.#sum += sample.amount;
      this.#oldestMs = Math.min(this.#oldestMs, sample.startMs);
      this.#standsUntilMs = Math.min(this.#standsUntilMs, sample.lastEventMs + keptMs);
    }
  }
}
