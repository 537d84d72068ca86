/** Which clients were made to wait lately, and by which quota: for whoever asks why a client is slow. */
import type { Throttled } from './client-quotas.ts';

/** The longest unheard of is forgotten. */
const KEPT = 500;

export interface RecentThrottle {
  readonly clientId: string;
  readonly user: string;
  readonly quota: string;
  /** Of the last one, as the two below. */
  readonly api: string;
  /** Milliseconds since 1970 by the broker's clock. */
  readonly lastAtMs: number;
  readonly throttleTimeMs: number;
  readonly times: number;
}

export class RecentThrottles {
  readonly #now: () => number;
  readonly #byClient = new Map<string, RecentThrottle>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The newest last. */
  get all(): RecentThrottle[] {
    return [...this.#byClient.values()];
  }

  note({ session, clientId, apiName: api, quota, throttleTimeMs }: Throttled): void {
    const user = session.principal.name;
    const key = JSON.stringify([clientId, user, quota]);
    const times = (this.#byClient.get(key)?.times ?? 0) + 1;
    this.#byClient.delete(key);
    const lastAtMs = this.#now();
    this.#byClient.set(key, { clientId: clientId ?? '', user, quota, api, lastAtMs, throttleTimeMs, times });
    if (this.#byClient.size <= KEPT) return;
    const [longestUnheardOf] = this.#byClient.keys();
    this.#byClient.delete(longestUnheardOf);
  }
}
