/** One line an event, quiet by default. A line is an event's name and its facts as key=value. */

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  debug(event: string, facts?: Facts): void;
  info(event: string, facts?: Facts): void;
  warn(event: string, facts?: Facts): void;
  error(event: string, facts?: Facts): void;
}

const ORDER: readonly Level[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** Writes lines of at least `level` through `write`, stamped by `now` (milliseconds since 1970). */
export function lineLogger(level: Level, write: (line: string) => void, now: () => number): Logger {
  const least = ORDER.indexOf(level);
  const at = (name: Level) => {
    if (ORDER.indexOf(name) < least) return () => {};
    return (event: string, facts: Facts = {}) => {
      const words = Object.entries(facts)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ` ${key}=${quote(String(value))}`);
      write(`${new Date(now()).toISOString()} ${name.toUpperCase()} ${event}${words.join('')}\n`);
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function quote(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
