/** Waiting for what shall become true in a broker elsewhere: it waits itself where it can, else it tells of what changes. */
import { systemClock } from '../platform/clock.ts';
import { followLines } from '../platform/http-client.ts';
import type { CallPlace } from '../testing/call-place.ts';
import type { TestMessage } from '../testing/message.ts';
import { PendingWaits } from '../testing/pending-waits.ts';
import { currentTest } from '../testing/test-runner.ts';
import type { Isolation } from '../testing/wait-options.ts';
import { WaitTimeout } from '../testing/wait-timeout.ts';
import { ControlError, search, WAIT_TIMEOUT, type ControlPort } from './control-port.ts';
import { messageFromJson, type MessageJson } from './json.ts';

/** As long as one question for changes may take. */
const CHANGES_MS = 10_000;
/** So much longer than the broker waits, for its answer to come. */
const ANSWER_MS = 2000;

/** What is known of an answer that has not come yet. */
type Told<T> = { readonly answer: T } | { readonly error: unknown } | null;

interface Wanted {
  readonly what: string;
  readonly place: CallPlace;
  readonly timeoutMs: number;
}

interface Looked<T> extends Wanted {
  /** Undefined as long as it has not come about. */
  readonly look: () => T | undefined;
  /** What there is instead: 'found 1', then lines about the broker. */
  readonly found: () => string;
  /** Reads what there is, in case that not all of it has come. */
  readonly lastLook?: () => T | undefined;
}

interface Source {
  readonly topic: string;
  readonly isolation: Isolation | undefined;
}

interface Unwanted {
  readonly where: (message: TestMessage) => boolean;
  /** What is in the topic. */
  readonly now: () => readonly TestMessage[];
  /** Lines about the broker. */
  readonly report: () => string;
}

export class RemoteWaits {
  readonly #port: ControlPort;
  readonly #pending = new PendingWaits(() => () => {});

  constructor(port: ControlPort) {
    this.#port = port;
  }

  /** The broker waits; `path` is below /wait. */
  there<T>({ what, place, timeoutMs }: Wanted, path: string, body: object): Promise<T> {
    const test = currentTest();
    let told: Told<T> = null;
    return this.#pending.begin<T>({
      what,
      place,
      timeoutMs: timeoutMs + ANSWER_MS,
      found: () => `found that ${this.#port.url} does not answer`,
      look: () => {
        if (told === null) return undefined;
        if ('error' in told) throw failureOf(told.error, place, test);
        return told.answer;
      },
      listen: (check) => {
        const ending = new AbortController();
        this.#port
          .call<T | undefined>('POST', `/wait/${path}`, body, ending.signal)
          // Some answer nothing but that it is so.
          .then((answer) => (told = { answer: answer ?? (true as T) }))
          .catch((error: unknown) => (told = { error }))
          .finally(check);
        return () => ending.abort();
      },
    });
  }

  /** Gives `take` the messages of a topic as they come, and looks each time. */
  messages<T>(looked: Looked<T>, source: Source, take: (messages: readonly TestMessage[]) => void): Promise<T> {
    let failed: Error | undefined;
    const look = (): T | undefined => {
      if (failed !== undefined) throw failed;
      return looked.look();
    };
    const listen = (check: () => void): (() => void) =>
      this.#follow(source, check, take, (error) => {
        failed = error ?? new Error('the broker was stopped while a test waited for it');
        check();
      });
    return this.#pending.begin({ ...looked, look, listen });
  }

  /** Looks at once, and whenever something may have changed. */
  until<T>(looked: Looked<T>): Promise<T> {
    const listen = (check: () => void): (() => void) => this.#changes(check);
    return this.#pending.begin({ ...looked, listen });
  }

  /** Resolves when the time has passed and no message was `unwanted`; `now` reads what is there. */
  none({ what, place, timeoutMs }: Wanted, source: Source, unwanted: Unwanted): Promise<void> {
    const endAt = systemClock.monotonic() + timeoutMs;
    let found: TestMessage | undefined;
    const look = (): true | undefined => {
      const isOver = systemClock.monotonic() >= endAt;
      if (isOver) found ??= unwanted.now().find(unwanted.where); // the last may be on their way
      if (found === undefined) return isOver ? true : undefined;
      const text = `expected ${what} for ${timeoutMs} ms, found one:\n    ${String(found)}\n${unwanted.report()}`;
      throw failureOf(new Error(text), place);
    };
    const listen = (check: () => void): (() => void) => {
      const timer = systemClock.after(timeoutMs + 1, check);
      const end = this.#follow(source, check, (messages) => (found ??= messages.find(unwanted.where)));
      return () => {
        timer.cancel();
        end();
      };
    };
    const late = { timeoutMs: timeoutMs + ANSWER_MS, found: () => 'the time did not pass' };
    return this.#pending.begin({ what, place, ...late, look, listen }) as unknown as Promise<void>;
  }

  /** A sentence for each wait that no test awaited. */
  get forgotten(): string[] {
    return this.#pending.forgotten;
  }

  /** A line for each wait that goes on. */
  get lines(): string[] {
    return this.#pending.lines;
  }

  close(): void {
    this.#pending.close();
  }

  #follow(
    { topic, isolation }: Source,
    check: () => void,
    take: (messages: readonly TestMessage[]) => void,
    ended: (error?: Error) => void = () => {},
  ): () => void {
    const url = `${this.#port.url}/topics/${encodeURIComponent(topic)}/tail${search({ isolation })}`;
    const takeLines = (lines: readonly string[]): void => {
      take(lines.map((line) => messageFromJson(JSON.parse(line) as MessageJson)));
      check();
    };
    return followLines(url, takeLines, ended);
  }

  /** Answers what ends it. */
  #changes(check: () => void): () => void {
    const ending = new AbortController();
    void this.#eachChange(check, ending.signal);
    return () => ending.abort();
  }

  async #eachChange(check: () => void, signal: AbortSignal): Promise<void> {
    let since = -1;
    while (!signal.aborted) {
      try {
        const path = `/changes${search({ since, timeout: CHANGES_MS })}`;
        since = (await this.#port.call<{ revision: number }>('GET', path, undefined, signal)).revision;
      } catch {
        // It may be starting again from a snapshot; what is looked at fails by itself, or in time.
        await new Promise<void>((resolve) => void systemClock.after(LOST_MS, resolve));
      }
      if (!signal.aborted) check();
    }
  }
}

/** Until a broker that did not answer is asked again. */
const LOST_MS = 50;

/** An error whose stack begins in the test; a wait that failed there is one that failed here. */
function failureOf(error: unknown, place: CallPlace, test?: string): unknown {
  if (error instanceof ControlError && error.type === WAIT_TIMEOUT) {
    const [first, ...rest] = error.message.split('\n').filter((line) => !line.startsWith('  in the test '));
    const inTest = test === undefined ? [] : [`  in the test '${test}'`];
    return new WaitTimeout([first, ...inTest, ...rest].join('\n'), place);
  }
  if (error instanceof Error) error.stack = `${error.name}: ${error.message}\n${place.frames}`;
  return error;
}
