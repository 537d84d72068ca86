/** Reads the values of flags. Each throws a UsageError that says how such a value is written. */
import { parseTime } from './time-text.ts';
import { UsageError } from './usage.ts';

/** Adds up what a flag that may be repeated was given. */
export function collect(each: string, all: string[] = []): string[] {
  return [...all, each];
}

/** A port, or 0 for any that is free. */
export function portOf(name: string, text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new UsageError(`${name} ${text}: a port is a number from 0 to 65535`);
}

/** A whole number of at least `least`. */
export function wholeNumber(flag: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
    throw new UsageError(`${flag} ${text}: write a whole number${least === 0 ? '' : ` from ${least} on`}`);
  };
}

/** Numbers of partitions: 0, 0,2, 0-3, or any of these with commas. */
export function partitionList(flag: string): (text: string) => number[] {
  return (text) =>
    text.split(',').flatMap((part) => {
      const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part.trim());
      if (match === null) throw new UsageError(`${flag} ${text}: write partitions as 0 or 0,2 or 0-3`);
      const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
    });
}

/** Milliseconds since 1970 out of such a number, a time (2026-11-21, 2026-11-21T10:00, in UTC unless it says), or an age (1h). */
export function instant(text: string, now: number): number {
  if (/^\d{5,}$/.test(text)) return Number(text);
  const age = /^-?(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (age !== null) return Math.round(now - Number(age[1]) * AGES[age[2]]);
  const time = text === 'now' ? now : parseTime(text);
  if (time !== null) return time;
  throw new UsageError(`'${text}' is no time: write 2026-11-21T10:00Z, milliseconds since 1970, or an age such as 1h`);
}

const AGES: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
