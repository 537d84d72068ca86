/** The waits of a broker: each with what it waits for, where it was begun, how long it may take, whether it was awaited. */
import { systemClock } from '../platform/clock.ts';
import type { CallPlace } from './call-place.ts';
import { milliseconds } from './duration.ts';
import { currentTest } from './test-runner.ts';
import { Wait } from './wait.ts';
import type { WaitOptions } from './wait-options.ts';
import { WaitTimeout } from './wait-timeout.ts';

/** Less than the five seconds of a test in vitest and jest, so that the wait fails first and says what it saw. */
const DEFAULT_TIMEOUT_MS = 4000;

export function timeoutOf({ timeout }: WaitOptions): number {
  return milliseconds(timeout ?? DEFAULT_TIMEOUT_MS);
}

export interface Awaited<T> {
  /** After 'waited 4000 ms for': "2 messages in 'orders'". */
  readonly what: string;
  readonly place: CallPlace;
  readonly timeoutMs: number;
  /** Undefined as long as it has not come about. */
  readonly look: () => T | undefined;
  /** What there is instead, after the comma: 'found 1', then lines about the broker. */
  readonly found: () => string;
  /** The same in a word or two, for those who look on while it waits. */
  readonly seen?: () => string;
  readonly onEnd?: () => void;
  /** Looks for the last time, where `look` may not have been told of all yet. */
  readonly lastLook?: () => T | undefined;
  /** Calls `check` whenever this may have come about, instead of what the broker's waits listen to; answers what ends that. */
  readonly listen?: (check: () => void) => () => void;
}

/** A wait that goes on, for those who look on. */
export interface WaitingFor {
  /** "2 messages in 'orders'" */
  readonly what: string;
  /** Where the test began it; '' where that is not known. */
  readonly at: string;
  readonly forMs: number;
  readonly timeoutMs: number;
  /** What there is so far; '' where that is not known. */
  readonly seen: string;
}

interface Pending {
  readonly what: string;
  readonly at: string;
  readonly sinceMs: number;
  readonly timeoutMs: number;
  readonly seen: () => string;
  readonly fail: (error: Error) => void;
}

/** A broker that is being stopped cannot say. */
function inWords(seen: () => string): string {
  try {
    return seen();
  } catch {
    return '';
  }
}

export class PendingWaits {
  /** Calls `check` whenever something may have changed; answers what ends that. */
  readonly #listen: (check: () => void) => () => void;
  readonly #pending = new Set<Pending>();
  #isClosed = false;
  readonly #forgotten = new Set<{ readonly sentence: string }>();

  constructor(listen: (check: () => void) => () => void) {
    this.#listen = listen;
  }

  begin<T>({
    what,
    place,
    timeoutMs,
    look,
    lastLook = look,
    found,
    seen = () => '',
    onEnd,
    listen = this.#listen,
  }: Awaited<T>): Wait<T> {
    const test = currentTest();
    const wait = new Wait<T>((resolve, reject) => {
      const end = (): void => {
        stopListening();
        timer.cancel();
        this.#pending.delete(pending);
        onEnd?.();
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const check = (sees: () => T | undefined): void => {
        try {
          const result = sees();
          if (result === undefined) return;
          end();
          resolve(result);
        } catch (error) {
          fail(error);
        }
      };
      const pending: Pending = { what, at: place.at, sinceMs: systemClock.monotonic(), timeoutMs, seen, fail };
      const stopListening = listen(() => check(look));
      const timer = systemClock.after(timeoutMs, () => {
        check(lastLook); // what changed without word
        if (!this.#pending.has(pending)) return;
        const inTest = test === undefined ? '' : `\n  in the test '${test}'`;
        this.#pending.delete(pending); // it is no other wait that goes on
        try {
          const [first, ...rest] = found().split('\n');
          fail(new WaitTimeout([`waited ${timeoutMs} ms for ${what}, ${first}${inTest}`, ...rest].join('\n'), place));
        } catch (error) {
          fail(error); // it cannot be asked any more
        }
      });
      this.#pending.add(pending);
      if (this.#isClosed) fail(new Error(`the broker was stopped before a test waited for ${what}`));
      else check(look);
    });
    return this.#track(wait, what, place);
  }

  /** A line each, for a report. */
  get lines(): string[] {
    const now = systemClock.monotonic();
    return [...this.#pending].map(
      ({ what, at, sinceMs }) =>
        `  waiting for ${what}, since ${Math.round(now - sinceMs)} ms${at === '' ? '' : ` (${at})`}`,
    );
  }

  /** Those that go on, the oldest first. */
  get list(): WaitingFor[] {
    const now = systemClock.monotonic();
    return [...this.#pending].map(({ what, at, sinceMs, timeoutMs, seen }) => ({
      what,
      at,
      forMs: Math.round(now - sinceMs),
      timeoutMs,
      seen: inWords(seen),
    }));
  }

  /** A sentence for each wait that nobody awaited. */
  get forgotten(): string[] {
    return [...this.#forgotten].map(({ sentence }) => sentence);
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#isClosed = true;
    const gone = new Error('the broker was stopped while a test waited for it');
    for (const { fail } of Array.from(this.#pending)) fail(gone);
  }

  #track<T>(wait: Wait<T>, what: string, { at }: CallPlace): Wait<T> {
    const entry = {
      sentence: `the wait for ${what}${at === '' ? '' : ` at ${at}`} was never awaited: write await before it`,
    };
    this.#forgotten.add(entry);
    wait.onAwaited(() => this.#forgotten.delete(entry));
    wait.ignoreRejection();
    return wait;
  }
}
