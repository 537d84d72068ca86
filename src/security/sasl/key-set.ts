/**
 * The keys by which an authority signs tokens, fetched from where it publishes them. The last good set serves while that place is
 * not to be reached. A token whose key is not among them may be signed with a new one: they are fetched once more, at most once a
 * minute for a key, and ten times in all.
 */
import type { Clock } from '../../platform/clock.ts';

export interface KeySetOptions {
  readonly clock: Clock;
  /** Answers what lies there; rejects where it cannot be read. */
  readonly fetch: () => Promise<unknown>;
  readonly refreshMs: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Why keys could not be fetched. */
  readonly failed: (reason: string) => void;
}

const MINUTE_MS = 60_000;
const MOST_UNKNOWN_KEYS = 10;

export class KeySet {
  readonly #options: KeySetOptions;
  #keys: unknown = null;
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Ids of keys that were asked for in vain, with the time. */
  readonly #unknown = new Map<string, number>();

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /** The newest set that is at hand; null: none could be fetched yet. */
  async current(): Promise<unknown> {
    const { clock, refreshMs } = this.#options;
    const isOld = clock.monotonic() - this.#fetchedMs >= refreshMs;
    if (this.#keys === null) await this.#fetch();
    else if (isOld) void this.#fetch(); // the old ones serve meanwhile
    return this.#keys;
  }

  /** The set after another look for a key; null where there is none before the minute is over. */
  async lookFor(keyId: string): Promise<unknown> {
    const now = this.#options.clock.monotonic();
    for (const [known, atMs] of this.#unknown) if (now - atMs >= MINUTE_MS) this.#unknown.delete(known);
    if (this.#unknown.has(keyId) || this.#unknown.size >= MOST_UNKNOWN_KEYS) return null;
    this.#unknown.set(keyId, now);
    await this.#fetch();
    return this.#keys;
  }

  #fetch(): Promise<void> {
    if (this.#options.clock.monotonic() < this.#notBeforeMs) return Promise.resolve();
    return (this.#fetching ??= this.#fetchNow().finally(() => (this.#fetching = null)));
  }

  async #fetchNow(): Promise<void> {
    const { clock, fetch, backoffMs, maxBackoffMs, failed } = this.#options;
    try {
      this.#keys = await fetch();
      this.#fetchedMs = clock.monotonic();
      this.#failures = 0;
    } catch (error) {
      this.#notBeforeMs = clock.monotonic() + Math.min(maxBackoffMs, backoffMs * 2 ** this.#failures++);
      failed((error as Error).message);
    }
  }
}
