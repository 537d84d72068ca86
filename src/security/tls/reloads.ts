/** When a listener's stores are read again: where their settings change, when it is asked for, and each so often where files may change. */
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';

export interface Reloadable {
  /** Of the settings that name its stores. */
  readonly fingerprint: string;
  /** Answers whether anything is new. Rejects where they cannot be used: the old ones serve on. */
  reload(): Promise<boolean>;
}

/** What is told of stores that cannot be used. */
export function notReloaded(listener: string, { message: reason }: Error) {
  return { listener, reason, next: 'those from before serve on' };
}

export class StoreReloads {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listener: string;
  readonly #stores: Reloadable;
  #known: string;
  #timer: Timer | null = null;

  /** `everyMs`: 0 for never. */
  constructor(listener: string, stores: Reloadable, clock: Clock, logger: Logger, everyMs: number) {
    this.#listener = listener;
    this.#stores = stores;
    this.#clock = clock;
    this.#logger = logger;
    this.#known = stores.fingerprint;
    if (everyMs > 0) this.#later(everyMs);
  }

  settingsChanged(): void {
    const { fingerprint } = this.#stores;
    if (fingerprint === this.#known) return;
    this.#known = fingerprint;
    void this.reload();
  }

  /** Never rejects. */
  async reload(): Promise<void> {
    const listener = this.#listener;
    try {
      if (await this.#stores.reload()) this.#logger.info('stores-reloaded', { listener });
    } catch (error) {
      this.#logger.error('stores-not-reloaded', notReloaded(listener, error as Error));
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #later(everyMs: number): void {
    this.#timer = this.#clock.after(everyMs, () => {
      void this.reload();
      this.#later(everyMs);
    });
  }
}
