/** Takes delegation tokens away that have expired: at intervals of delegation.token.expiry.check.interval.ms, as the only controller does. */
import type { ServerConfig } from '../config/server.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { ClusterImage } from './image.ts';
import type { DraftOf } from './metadata-records.ts';

/** Of one commit, as in Kafka. */
const MOST_RECORDS = 10_000;

export function expiredTokens(
  { delegationTokens }: Pick<ClusterImage, 'delegationTokens'>,
  nowMs: number,
): DraftOf<'RemoveDelegationTokenRecord'>[] {
  const records: DraftOf<'RemoveDelegationTokenRecord'>[] = [];
  for (const { tokenId, expirationTimestamp } of delegationTokens.values()) {
    if (records.length >= MOST_RECORDS) break;
    if (expirationTimestamp < nowMs) records.push({ type: 'RemoveDelegationTokenRecord', tokenId });
  }
  return records;
}

type Decide = (image: ClusterImage) => {
  readonly results: number;
  readonly records: DraftOf<'RemoveDelegationTokenRecord'>[];
};

export interface ExpiredTokensOptions {
  /** See Controller. */
  readonly controller: { readonly alterTokens: (decide: Decide) => Promise<number> };
  readonly config: () => ServerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ExpiredTokens {
  readonly #options: ExpiredTokensOptions;
  #timer: Timer | null = null;
  #isOver = false;

  /** Does nothing without delegation.token.secret.key. */
  constructor(options: ExpiredTokensOptions) {
    this.#options = options;
    if ((options.config()['delegation.token.secret.key'] ?? '') !== '') this.#later();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #later(): void {
    const { clock, config } = this.#options;
    this.#timer = clock.after(config()['delegation.token.expiry.check.interval.ms'], () => void this.#look());
  }

  async #look(): Promise<void> {
    const { controller, clock, logger } = this.#options;
    try {
      const tokens = await controller.alterTokens((image) => {
        const records = expiredTokens(image, clock.now());
        return { results: records.length, records };
      });
      if (tokens > 0) logger.info('tokens-expired', { tokens });
    } catch (error) {
      const next = 'the next look tries again';
      if (!this.#isOver) logger.warn('tokens-not-expired', { error: (error as Error).message, next });
    }
    if (!this.#isOver) this.#later();
  }
}
