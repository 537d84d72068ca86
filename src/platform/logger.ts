/** One line an event, quiet by default. A line is an event's name and its facts as key=value. */
import { loggerOf, parentOf } from './kafka-loggers.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** From what tells most to what tells nothing. */
export const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error', 'silent'];

export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
}

/** A logger whose levels may change while it is used. */
export interface LeveledLogger extends Logger {
  /** Of all events whose logger of Kafka's has no level of its own, nor one above it. */
  level: Level;
  /** By a name of Kafka's loggers. */
  levels: ReadonlyMap<string, Level>;
}

/** The level that counts for a logger of Kafka's: its own, else that of the nearest above it, as in Log4j. */
export function levelFor(logger: LeveledLogger, name: string): Level {
  for (let at: string | null = name; at !== null; at = parentOf(at)) {
    const own = logger.levels.get(at);
    if (own !== undefined) return own;
  }
  return logger.level;
}

export function isLeveled(logger: Logger): logger is LeveledLogger {
  return 'level' in logger;
}

/** Writes lines of at least `level` through `write`, stamped by `now` (milliseconds since 1970). */
export function lineLogger(level: Level, write: (line: string) => void, now: () => number): LeveledLogger {
  let least = LEVELS.indexOf(level);
  const leastFor = (event: string): number =>
    logger.levels.size === 0 ? least : LEVELS.indexOf(levelFor(logger, loggerOf(event)));
  const at = (name: Level) => {
    const rank = LEVELS.indexOf(name);
    return (event: string, facts: Facts = {}) => {
      if (rank < leastFor(event)) return;
      const words = Object.entries(facts)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ` ${key}=${quote(String(value))}`);
      write(`${new Date(now()).toISOString()} ${name.toUpperCase()} ${event}${words.join('')}\n`);
    };
  };
  const logger: LeveledLogger = {
    levels: new Map(),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    get level() {
      return LEVELS[least];
    },
    set level(changed) {
      least = LEVELS.indexOf(changed);
    },
  };
  return logger;
}

function quote(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
