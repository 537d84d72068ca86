/**
 * The connections whose clients have not authenticated: they hold memory, and nobody knows whose they are. Each has so long a time
 * (ottla.authentication.timeout.ms, TLS and SASL together), and there are only so many (ottla.unauthenticated.connections.max): the
 * oldest goes.
 */
import type { Clock, Timer } from '../platform/clock.ts';

export interface UnauthenticatedConnection {
  close(reason: string): void;
}

export interface UnauthenticatedLimits {
  /** Read at each use. */
  readonly timeoutMs: () => number;
  readonly most: () => number;
}

export class Unauthenticated {
  readonly #clock: Clock;
  readonly #limits: UnauthenticatedLimits;
  /** With the time at which each ends, by the monotonic clock, in the order of their arrival. */
  readonly #due = new Map<UnauthenticatedConnection, number>();
  #timer: Timer | null = null;

  constructor(clock: Clock, limits: UnauthenticatedLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get count(): number {
    return this.#due.size;
  }

  add(connection: UnauthenticatedConnection): void {
    this.#due.set(connection, this.#clock.monotonic() + this.#limits.timeoutMs());
    this.#timer ??= this.#later();
    const most = this.#limits.most();
    for (const [oldest] of this.#due) {
      if (this.#due.size <= most) break;
      this.#due.delete(oldest);
      oldest.close(`more than ${most} connections have not authenticated (ottla.unauthenticated.connections.max)`);
    }
  }

  /** It has authenticated, or is gone. */
  delete(connection: UnauthenticatedConnection): void {
    if (!this.#due.delete(connection) || this.#due.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #later(): Timer | null {
    const [first] = this.#due.values();
    if (first === undefined) return null;
    return this.#clock.after(Math.max(1, first - this.#clock.monotonic()), () => {
      const now = this.#clock.monotonic();
      for (const [connection, dueMs] of this.#due) {
        if (dueMs > now) break;
        this.#due.delete(connection);
        connection.close(
          `it has not authenticated in ${this.#limits.timeoutMs()} ms (ottla.authentication.timeout.ms)`,
        );
      }
      this.#timer = this.#later();
    });
  }
}
