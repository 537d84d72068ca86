/** Log levels as Kafka's configuration APIs speak of them (KIP-412): one logger, 'root', for all that Ottla writes. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Altered, ConfigTexts, Refusal } from '../config/alter.ts';
import { isLeveled, type Level, type Logger } from '../platform/logger.ts';

const ROOT = 'root';
/** Kafka's names; Ottla has no level below debug and none above error. */
const LEVELS: Readonly<Record<string, Level>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'error',
};

/** Levels by logger name. A logger of the program that embeds the broker may not tell its level. */
export function levelsOf(logger: Logger): ReadonlyMap<string, string> {
  const level = isLeveled(logger) ? logger.level : 'silent';
  return new Map([[ROOT, level === 'silent' ? 'OFF' : level.toUpperCase()]]);
}

/** The level that an alteration sets, null where it changes nothing; or why it is refused. */
export function planLevel(
  logger: Logger,
  alteration: (current: ConfigTexts) => Altered,
): Refusal | { readonly level: Level | null } {
  const altered = alteration(levelsOf(logger));
  if ('refusal' in altered) {
    const { errorCode, errorMessage } = altered.refusal;
    // Loggers have no lists: Kafka says INVALID_REQUEST to an append here, not INVALID_CONFIG.
    return errorCode === ErrorCode.INVALID_CONFIG
      ? { errorCode: ErrorCode.INVALID_REQUEST, errorMessage }
      : altered.refusal;
  }
  for (const name of altered.values.keys()) {
    if (name !== ROOT)
      return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: `Logger ${name} does not exist: use ${ROOT}` };
  }
  const asked = altered.values.get(ROOT);
  if (asked === undefined) {
    return {
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `The level of ${ROOT} cannot be removed: set another level`,
    };
  }
  if (asked === levelsOf(logger).get(ROOT)) return { level: null };
  if (!Object.hasOwn(LEVELS, asked)) {
    const errorMessage = `Log level ${asked} is unknown: use ${Object.keys(LEVELS).join(', ')}`;
    return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage };
  }
  if (isLeveled(logger)) return { level: LEVELS[asked] };
  const errorMessage = 'This broker uses the logger of the program that runs it: set the level there';
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

export function setLevel(logger: Logger, level: Level | null): void {
  if (level !== null && isLeveled(logger)) logger.level = level;
}
