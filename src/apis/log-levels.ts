/**
 * Log levels as Kafka's configuration APIs speak of them (KIP-412): 'root', and Kafka's loggers by their names. A level has its
 * effect on the events that belong to the logger; those of most loggers are of parts that only Kafka has.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Altered, ConfigTexts, Refusal } from '../config/alter.ts';
import { kafkaLoggers, ROOT } from '../platform/kafka-loggers.ts';
import { isLeveled, levelFor, type Level, type LeveledLogger, type Logger } from '../platform/logger.ts';

/** Kafka's names; Ottla has no level below debug and none above error. */
const LEVELS: Readonly<Record<string, Level>> = {
  DEBUG: 'debug',
  ERROR: 'error',
  FATAL: 'error',
  INFO: 'info',
  TRACE: 'debug',
  WARN: 'warn',
};

/** The level of every logger, its own or that of the one above it. A logger of the program that embeds the broker does not tell. */
export function levelsOf(logger: Logger): ReadonlyMap<string, string> {
  const names = [ROOT, ...kafkaLoggers];
  return new Map(names.map((name) => [name, textOf(isLeveled(logger) ? levelFor(logger, name) : 'silent')]));
}

function textOf(level: Level): string {
  return level === 'silent' ? 'OFF' : level.toUpperCase();
}

/** The root's level, and those that loggers have of their own. */
function ownLevels(logger: LeveledLogger): ConfigTexts {
  return new Map([
    [ROOT, textOf(logger.level)],
    ...Array.from(logger.levels, ([name, level]) => [name, textOf(level)] as const),
  ]);
}

/** What an alteration makes of `ownLevels`, or why it is refused. */
export function planLevels(
  logger: Logger,
  alteration: (current: ConfigTexts) => Altered,
): Refusal | { readonly levels: ConfigTexts } {
  if (!isLeveled(logger)) {
    return invalidRequest('This broker uses the logger of the program that runs it: set the level there');
  }
  const before = ownLevels(logger);
  const altered = alteration(before);
  if ('refusal' in altered) {
    const { errorCode, errorMessage } = altered.refusal;
    // Loggers have no lists: Kafka says INVALID_REQUEST to an append here, not INVALID_CONFIG.
    return errorCode === ErrorCode.INVALID_CONFIG ? invalidRequest(errorMessage) : altered.refusal;
  }
  const { values: levels } = altered;
  if (!levels.has(ROOT)) return invalidRequest('Removing the log level of the root logger is not allowed');
  for (const [name, level] of levels) {
    if (before.get(name) === level) continue;
    if (name !== ROOT && !known.has(name)) return invalidConfig(`Logger ${name} does not exist!`);
    if (!Object.hasOwn(LEVELS, level)) {
      const valid = `Valid log levels are ${Object.keys(LEVELS).join(', ')}`;
      return invalidConfig(
        `Cannot set the log level of ${name} to ${level} as it is not a supported log level. ${valid}`,
      );
    }
  }
  return { levels };
}

const known: ReadonlySet<string> = new Set(kafkaLoggers);

function invalidRequest(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

function invalidConfig(errorMessage: string): Refusal {
  return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage };
}

/** As `planLevels` has planned them. */
export function setLevels(logger: Logger, texts: ConfigTexts): void {
  if (!isLeveled(logger)) return;
  const levels = new Map(texts);
  logger.level = levelNamed(levels.get(ROOT)!);
  levels.delete(ROOT);
  logger.levels = new Map(Array.from(levels, ([name, text]) => [name, levelNamed(text)]));
}

function levelNamed(text: string): Level {
  return text === 'OFF' ? 'silent' : LEVELS[text];
}
