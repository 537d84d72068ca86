/** Says now and then how far the opening of logs is, where it takes long: after a crash the ends of all logs are read. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

const SAY_EVERY_MS = 1000;
const MEGABYTE = 1_000_000;

export class OpeningProgress {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #total: number;
  #logs = 0;
  #bytes = 0;
  #saidMs: number;

  /** `total` logs were found. */
  constructor(clock: Clock, logger: Logger, total: number) {
    this.#clock = clock;
    this.#logger = logger;
    this.#total = total;
    this.#saidMs = clock.monotonic();
  }

  /** So many bytes of the log in `directory` have been read and checked. */
  checked(directory: string, bytes: number): void {
    this.#bytes += bytes;
    this.#say(directory);
  }

  opened(directory: string): void {
    if (this.#logs >= this.#total) return; // all that was there at the start has been opened
    this.#logs++;
    this.#say(directory);
  }

  #say(directory: string): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#saidMs < SAY_EVERY_MS) return;
    this.#saidMs = nowMs;
    // A warning: whoever waits for a start wants to see that it goes on, and nothing else is said by default.
    this.#logger.warn('opening-logs', {
      opened: this.#logs,
      of: this.#total,
      checkedMegabytes: Math.round(this.#bytes / MEGABYTE),
      at: directory,
    });
  }
}
