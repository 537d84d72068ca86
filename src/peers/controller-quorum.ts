/**
 * Where the active controller is, as far as this broker knows: one of the addresses it was given, or the one that a controller has
 * named. Who reads the metadata log finds out (metadata-fetcher.ts); who has requests for the active controller waits for that.
 */
import type { Clock } from '../platform/clock.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A standby names the controller that it knew until it hears of the next: so often nobody goes there again. */
const MOST_SKIPS = 7;

export class ControllerQuorum {
  readonly #bootstrap: readonly Address[];
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #active: Address | null = null;
  /** Named by another controller, and not tried yet. */
  #named: Address | null = null;
  /** It could not be read from, and was named so often since then. */
  #failed: { readonly address: Address; skips: number } | null = null;
  #turn = 0;

  /** `bootstrap`: addresses of controllers, the most likely ones first. */
  constructor(bootstrap: readonly Address[], clock: Clock) {
    this.#bootstrap = bootstrap;
    this.#clock = clock;
  }

  /** Null while nobody is known to be active. */
  get active(): Address | null {
    return this.#active;
  }

  /** Whom to ask for the metadata log: the active controller, or one that may know it. */
  candidate(): Address {
    const named = this.#named;
    this.#named = null;
    return named ?? this.#active ?? this.#bootstrap[this.#turn++ % this.#bootstrap.length];
  }

  /** It has answered as the active controller does. */
  found(address: Address): void {
    this.#failed = null;
    if (this.#active !== null && isSame(this.#active, address)) return;
    this.#active = address;
    this.#tell();
  }

  /** It is not there, or does not answer. */
  failed(address: Address): void {
    this.#failed ??= { address, skips: 0 };
    this.lost(null);
  }

  /** It has not, and has named another one, or none; `isNews`: of a newer epoch than any that was known. */
  lost(named: Address | null, isNews = false): void {
    this.#named = named !== null && !isNews && this.#isSkipped(named) ? null : named;
    if (this.#active === null) return;
    this.#active = null;
    this.#tell();
  }

  #isSkipped(named: Address): boolean {
    const failed = this.#failed;
    if (failed === null || !isSame(failed.address, named)) return false;
    if (++failed.skips > MOST_SKIPS) this.#failed = null;
    return this.#failed !== null;
  }

  /** Called when the active controller is another one, or unknown. Answers how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the active controller, or with null where it is not known after `timeoutMs`, or what it adds to `cancels` is called. */
  known(timeoutMs: number, cancels: Set<() => void>): Promise<Address | null> {
    if (this.#active !== null) return Promise.resolve(this.#active);
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        unlisten();
        cancels.delete(end);
        resolve(this.#active);
      };
      const timer = this.#clock.after(timeoutMs, end);
      const unlisten = this.onChange(() => {
        if (this.#active !== null) end();
      });
      cancels.add(end);
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export function isSame(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}
