/**
 * How fast throttled replicas may be copied (KIP-73): the bytes of the last samples over their time, beside a rate. It is asked
 * before bytes are taken, and told afterwards: what was over the rate is waited for. PURE, but for the settings it reads.
 */
export interface QuotaSettings {
  readonly bytesPerSecond: number;
  /** replication.quota.window.num */
  readonly samples: number;
  /** replication.quota.window.size.seconds */
  readonly sampleSeconds: number;
}

interface Sample {
  readonly beganMs: number;
  bytes: number;
}

export class ReplicationQuota {
  readonly #settings: () => QuotaSettings;
  #samples: Sample[] = [];
  #bytes = 0;

  constructor(settings: () => QuotaSettings) {
    this.#settings = settings;
  }

  /** Whether no more may be taken now. */
  isExceeded(nowMs: number): boolean {
    const { bytesPerSecond, samples, sampleSeconds } = this.#settings();
    if (this.#bytes === 0 || bytesPerSecond >= Number.MAX_SAFE_INTEGER) return false;
    this.#forget(nowMs, samples * sampleSeconds * 1000);
    if (this.#samples.length === 0) return false;
    // A time that has only begun counts whole, as in Kafka: a burst at the beginning is let pass.
    const seconds = Math.max((nowMs - this.#samples[0].beganMs) / 1000, samples * sampleSeconds);
    return this.#bytes / seconds > bytesPerSecond;
  }

  took(bytes: number, nowMs: number): void {
    if (bytes === 0) return;
    const { samples, sampleSeconds } = this.#settings();
    this.#forget(nowMs, samples * sampleSeconds * 1000);
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.beganMs < sampleSeconds * 1000) last.bytes += bytes;
    else this.#samples.push({ beganMs: nowMs, bytes });
    this.#bytes += bytes;
  }

  #forget(nowMs: number, windowMs: number): void {
    const kept = this.#samples.filter(({ beganMs }) => nowMs - beganMs < windowMs);
    if (kept.length === this.#samples.length) return;
    this.#samples = kept;
    this.#bytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
