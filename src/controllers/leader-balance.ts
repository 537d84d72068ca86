/** Has the active controller give partitions back to their preferred leaders, from time to time (auto.leader.rebalance.enable). */
import type { Controller } from '../cluster/controller.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

export interface LeaderBalanceOptions {
  readonly controller: Controller;
  readonly config: () => ServerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Of one commit, as in Kafka: others have their turn in between. */
const MOST_ELECTIONS = 1000;
const SECOND_MS = 1000;

export class LeaderBalance {
  readonly #options: LeaderBalanceOptions;
  #timer!: Timer;
  #isOver = false;

  constructor(options: LeaderBalanceOptions) {
    this.#options = options;
    this.#later();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer.cancel();
  }

  #later(): void {
    const { clock, config } = this.#options;
    const delayMs = config()['leader.imbalance.check.interval.seconds'] * SECOND_MS;
    this.#timer = clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { config, logger } = this.#options;
    try {
      const partitions = config()['auto.leader.rebalance.enable'] ? await this.#balance() : 0;
      if (partitions > 0) logger.info('leaders-balanced', { partitions });
    } catch (error) {
      const next = 'the next look tries again';
      if (!this.#isOver) logger.warn('leaders-not-balanced', { error: (error as Error).message, next });
    }
    if (!this.#isOver) this.#later();
  }

  /** Answers how many partitions have been given back. */
  async #balance(): Promise<number> {
    let total = 0;
    for (let given = MOST_ELECTIONS; given === MOST_ELECTIONS && !this.#isOver; total += given)
      given = await this.#options.controller.balanceLeaders(MOST_ELECTIONS);
    return total;
  }
}
