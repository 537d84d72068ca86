/** Remembers the newest events of a broker, logged or not, so that whoever looks at it later sees what happened before. */
import { isLeveled, type Facts, type Level, type LeveledLogger, type Logger } from './logger.ts';

const KEPT = 2000;
/** Characters of a fact: clients choose names and reasons, and some events name many members in one. */
const LONGEST_FACT = 1000;

export interface RecentEvent {
  /** Counts from 1, forgotten ones included. */
  readonly number: number;
  /** The first time, milliseconds since 1970 by the broker's clock. */
  readonly atMs: number;
  readonly level: Exclude<Level, 'debug' | 'silent'>;
  readonly event: string;
  readonly facts: Facts;
  /** How often it happened in a row, and when it did last. */
  readonly times: number;
  readonly lastAtMs: number;
}

/** Too frequent for a log, and told all the same: each with the same facts is one event, however much happens in between. */
const FOLDED: ReadonlySet<string> = new Set(['transaction.aborted', 'transaction.committed']);
const KEPT_FOLDED = 500;

export class RecentEvents {
  readonly #now: () => number;
  /** By event and facts, the newest last. */
  readonly #folded = new Map<string, RecentEvent>();
  #events: RecentEvent[] = [];
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The newest 2,000 at least, the oldest first. */
  get all(): readonly RecentEvent[] {
    if (this.#folded.size === 0) return this.#events;
    return [...this.#events, ...this.#folded.values()].sort((a, b) => a.lastAtMs - b.lastAtMs);
  }

  /** One of the events that are too frequent for a log. */
  fold(event: string, said: Facts): void {
    const facts = kept(said);
    const key = JSON.stringify([event, facts]);
    const atMs = this.#now();
    const known = this.#folded.get(key);
    this.#folded.delete(key);
    this.#folded.set(
      key,
      known === undefined
        ? { number: ++this.#count, atMs, level: 'info', event, facts, times: 1, lastAtMs: atMs }
        : { ...known, times: known.times + 1, lastAtMs: atMs },
    );
    if (this.#folded.size > KEPT_FOLDED) this.#folded.delete(this.#folded.keys().next().value!);
  }

  note(event: string, said: Facts = {}, level: RecentEvent['level'] = 'info'): void {
    const facts = kept(said);
    const atMs = this.#now();
    const last = this.#events.at(-1);
    if (last?.event === event && last.level === level && sameFacts(last.facts, facts)) {
      this.#events[this.#events.length - 1] = { ...last, times: last.times + 1, lastAtMs: atMs };
      return;
    }
    this.#events.push({ number: ++this.#count, atMs, level, event, facts, times: 1, lastAtMs: atMs });
    if (this.#events.length >= 2 * KEPT) this.#events = this.#events.slice(-KEPT);
  }
}

/** The same logger, of which `events` notes all from information on, whatever its level lets through. */
export function rememberedBy(events: RecentEvents, logger: Logger): Logger {
  const noting =
    (level: RecentEvent['level']) =>
    (event: string, facts?: Facts): void => {
      events.note(event, facts, level);
      logger[level](event, facts);
    };
  const noted: Logger = {
    debug: (event, facts) => {
      if (facts !== undefined && FOLDED.has(event)) events.fold(event, facts);
      logger.debug(event, facts);
    },
    info: noting('info'),
    warn: noting('warn'),
    error: noting('error'),
  };
  if (!isLeveled(logger)) return noted;
  const leveled: LeveledLogger = {
    ...noted,
    get level() {
      return logger.level;
    },
    set level(level) {
      logger.level = level;
    },
    get levels() {
      return logger.levels;
    },
    set levels(levels) {
      logger.levels = levels;
    },
  };
  return leveled;
}

function isLong(fact: Facts[string]): fact is string {
  return typeof fact === 'string' && fact.length > LONGEST_FACT;
}

/** Copies what it cuts: a slice would hold all that it was cut from. */
function kept(facts: Facts): Facts {
  if (!Object.values(facts).some(isLong)) return facts;
  const cut = (text: string): string => `${Buffer.from(text.slice(0, LONGEST_FACT)).toString()}…`;
  return Object.fromEntries(Object.entries(facts).map(([key, fact]) => [key, isLong(fact) ? cut(fact) : fact]));
}

function sameFacts(a: Facts, b: Facts): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
