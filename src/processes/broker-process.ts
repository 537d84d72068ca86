/**
 * Keeps one broker's process running. One that ends is started again, at once where it has lived for a while, later and later where
 * it has not.
 *
 *     started ──ready──▶ running ──ended──▶ waits ──▶ started …        stop ──▶ SIGTERM ──▶ ended
 *        └─ ended before it was ever ready: whoever waits for it is told, and nothing is started again
 */
import type { Child } from '../platform/child-process.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** A process that was started. */
export interface BrokerChild extends Pick<Child, 'onEnd' | 'kill'> {
  /** Called once, with host:port. */
  onReady(run: (bootstrap: string) => void): void;
}

export interface BrokerProcessOptions {
  readonly nodeId: number;
  readonly start: () => BrokerChild;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A process that has lived for so long is started again at once when it ends. */
const SETTLED_MS = 10_000;
const PAUSE_MS = { first: 100, most: 30_000 };

export class BrokerProcess {
  /** Of its first life; rejects where that ends before it is ready. */
  readonly ready: Promise<string>;
  readonly #options: BrokerProcessOptions;
  #child: BrokerChild | null = null;
  #timer: Timer | null = null;
  #failures = 0;
  #isReady = false;
  #isStopping = false;
  #onceEnded: () => void = () => {};

  constructor(options: BrokerProcessOptions) {
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#start(resolve, (outcome) => reject(new Error(`broker ${options.nodeId} has ended with ${outcome}`)));
    });
  }

  /** In order; resolves when it has ended. */
  stop(): Promise<void> {
    this.#isStopping = true;
    this.#timer?.cancel();
    const child = this.#child;
    if (child === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onceEnded = resolve;
      child.kill('SIGTERM');
    });
  }

  kill(): void {
    this.#isStopping = true;
    this.#timer?.cancel();
    this.#child?.kill('SIGKILL');
  }

  /** Where it answers requests: before that it has not read them yet. */
  reloadStores(): void {
    if (this.#isReady) this.#child?.kill('SIGHUP');
  }

  #start(ready: (bootstrap: string) => void, failed: ((outcome: number | string) => void) | null): void {
    const { start, clock } = this.#options;
    const startedMs = clock.monotonic();
    const child = start();
    this.#isReady = false;
    this.#child = child;
    child.onReady((bootstrap) => {
      this.#isReady = true;
      ready(bootstrap);
    });
    child.onEnd((outcome) => {
      const isReady = this.#isReady;
      this.#child = null;
      this.#onceEnded();
      if (this.#isStopping) return;
      if (failed !== null && !isReady) return failed(outcome);
      this.#startLater(outcome, clock.monotonic() - startedMs);
    });
  }

  #startLater(outcome: number | string, livedMs: number): void {
    const { nodeId, clock, logger } = this.#options;
    this.#failures = livedMs >= SETTLED_MS ? 0 : this.#failures + 1;
    const delayMs = this.#failures === 0 ? 0 : Math.min(PAUSE_MS.most, PAUSE_MS.first * 2 ** (this.#failures - 1));
    logger.warn('broker-ended', { broker: nodeId, with: outcome, next: `started again in ${delayMs} ms` });
    this.#timer = clock.after(delayMs, () => this.#start(() => logger.info('broker-back', { broker: nodeId }), null));
  }
}
