/** For how long a connection's requests are to wait once what it is owed has been answered (KIP-219). */
import type { Timer } from '../platform/clock.ts';
import { NOT_TIMED } from '../security/stages.ts';

export class ConnectionThrottle {
  #dueMs = 0;
  #timer: Timer | null = null;
  #hasEnded = false;
  /** When the work on the request began that is under way. */
  begun = NOT_TIMED;

  /** The longest of those that are added counts. */
  add(ms: number): void {
    if (ms > this.#dueMs) this.#dueMs = ms;
  }

  /** Nothing more is handled: it is to begin with the next answer, or has begun. */
  get isOn(): boolean {
    return this.#dueMs > 0 || this.#timer !== null;
  }

  /** The client has been told: what it sends meanwhile waits until `over`. */
  begin(after: (delayMs: number, run: () => void) => Timer, over: () => void): void {
    const ms = this.#dueMs;
    if (ms === 0 || this.#hasEnded) return;
    this.#dueMs = 0;
    this.#timer?.cancel();
    this.#timer = after(ms, () => {
      this.#timer = null;
      over();
    });
  }

  /** The connection is gone. */
  end(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
  }
}
