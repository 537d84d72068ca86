/** Which records of a produced batch are refused, each with its reason (KIP-467). PURE. */
import * as batch from '../../protocol/records/batch.ts';
import type { RecordVisitor } from '../../protocol/records/walk.ts';
import type { LogConfig } from '../config/log-config.ts';

/** Shaped as in Produce's response. */
export interface RecordError {
  readonly batchIndex: number;
  readonly message: string;
}

interface Rules {
  readonly config: LogConfig;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export const NO_TIMESTAMP = -1;
/** So many refused records of a batch are named; a small batch may hold millions. */
const MAX_RECORD_ERRORS = 1000;

export function isTimestampInRange(timestamp: number, { config, nowMs }: Rules): boolean {
  if (timestamp === NO_TIMESTAMP) return true;
  return nowMs - timestamp <= config.timestampBeforeMaxMs && timestamp - nowMs <= config.timestampAfterMaxMs;
}

export class RecordRefusals {
  readonly errors: RecordError[] = [];
  refused = 0;
  /** Some were refused for their timestamps. */
  isUntimely = false;
  readonly #base: number;
  readonly #word: number;
  readonly #rules: Rules;

  /** `base` and `word` are the batch's base timestamp and attributes. */
  constructor(base: number, word: number, rules: Rules) {
    this.#base = base;
    this.#word = word;
    this.#rules = rules;
  }

  readonly visit: RecordVisitor = (batchIndex, timestampDelta, _keyAt, keyLength) => {
    const { config, nowMs } = this.#rules;
    const timestamp = this.#base + timestampDelta;
    if (config.cleanupCompact && keyLength < 0) {
      this.#refuse(batchIndex, () => 'A compacted topic takes no record without a key');
    } else if (config.messageTimestampType === 'LogAppendTime') {
      if (!batch.hasLogAppendTime(this.#word)) return;
      this.isUntimely = true;
      this.#refuse(batchIndex, () => 'Only the broker stamps records with LogAppendTime; send CreateTime');
    } else if (!isTimestampInRange(timestamp, this.#rules)) {
      this.isUntimely = true;
      this.#refuse(
        batchIndex,
        () =>
          `Timestamp ${timestamp} is not between ${nowMs - config.timestampBeforeMaxMs} and ` +
          `${nowMs + config.timestampAfterMaxMs}, as message.timestamp.before.max.ms and .after.max.ms ask for`,
      );
    }
  };

  #refuse(batchIndex: number, message: () => string): void {
    if (this.refused++ < MAX_RECORD_ERRORS) this.errors.push({ batchIndex, message: message() });
  }
}
