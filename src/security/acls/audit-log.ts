/** Tells of refusals, and of grants where that is asked for, as Kafka's kafka.authorizer.logger does. */
import { boundedKey } from '../../platform/bounded-key.ts';
import type { Clock } from '../../platform/clock.ts';
import { AUDIT } from '../../platform/kafka-loggers.ts';
import { isLeveled, levelFor, type Logger } from '../../platform/logger.ts';
import { suggestion } from './suggestion.ts';
import { auditText, type Decided } from './text.ts';

/** So long the same refusal is counted and not told again. */
const QUIET_MS = 60_000;
/** Of different refusals that are remembered for it. */
const MOST_REMEMBERED = 10_000;

interface Told {
  readonly untilMs: number;
  repeats: number;
}

export class AuditLog {
  allowed = 0;
  denied = 0;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();
  readonly #listeners: ((decided: Decided) => void)[] = [];

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Only where its own logger is at DEBUG: as in Kafka, whose own configuration has that at INFO, the root's level is no question here. */
  get tellsGrants(): boolean {
    const logger = this.#logger;
    return isLeveled(logger) && logger.levels.size > 0 && logger.levels.get(AUDIT) === 'debug';
  }

  /** What is not written is not remembered either, so that the next refusal is told once somebody wants to know. */
  get #tellsRefusals(): boolean {
    const logger = this.#logger;
    return !isLeveled(logger) || levelFor(logger, AUDIT) === 'debug' || levelFor(logger, AUDIT) === 'info';
  }

  /** `listener` is told of every refusal. */
  onDenied(listener: (decided: Decided) => void): void {
    this.#listeners.push(listener);
  }

  grant(decided: Decided): void {
    this.#logger.debug(AUDIT, { message: auditText(decided) });
  }

  refusal(decided: Decided): void {
    for (const listener of this.#listeners) listener(decided);
    if (!this.#tellsRefusals) return;
    const message = auditText(decided);
    const nowMs = this.#clock.monotonic();
    const key = boundedKey(message);
    const told = this.#told.get(key);
    if (told !== undefined && nowMs < told.untilMs) return void told.repeats++;
    if (this.#told.size >= MOST_REMEMBERED) this.#told.clear();
    this.#told.set(key, { untilMs: nowMs + QUIET_MS, repeats: 0 });
    const repeats = told === undefined || told.repeats === 0 ? undefined : told.repeats;
    this.#logger.info(AUDIT, { message, repeats, next: `to allow it: ${suggestion(decided)}` });
  }
}
