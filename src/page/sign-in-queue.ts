/**
 * Has people sign in one after the other. To check a password takes the broker milliseconds, which guesses by the thousand would take
 * from its clients; a wrong one holds the queue for connection.failed.authentication.delay.ms.
 */
import { ChangeRefused } from './hands.ts';

/** Of an address, and of all: those that wait, and the one at it. */
const MOST_OF_HOST = 20;
const MOST = 100;

export class SignInQueue {
  readonly #waiting = new Map<string, number>();
  #count = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `attempt` when those before it are over. @throws {ChangeRefused} where too many wait already */
  async take<T>(host: string, attempt: () => Promise<T>): Promise<T> {
    const ofHost = this.#waiting.get(host) ?? 0;
    if (ofHost >= MOST_OF_HOST || this.#count >= MOST) {
      throw new ChangeRefused(429, 'Too many people sign in at once. Wait a moment, and try it again.');
    }
    this.#waiting.set(host, ofHost + 1);
    this.#count++;
    const outcome = this.#last.then(attempt);
    this.#last = outcome.catch(() => {});
    try {
      return await outcome;
    } finally {
      this.#leave(host);
    }
  }

  #leave(host: string): void {
    const left = this.#waiting.get(host)! - 1;
    if (left === 0) this.#waiting.delete(host);
    else this.#waiting.set(host, left);
    this.#count--;
  }
}
