/** Waiting for something to be true in the broker, instead of sleeping; and saying what there was when it never became so. */
import { systemClock } from '../platform/clock.ts';
import type { Activity } from './activity.ts';
import { milliseconds, type Duration } from './duration.ts';
import type { TestInterceptor } from './test-interceptor.ts';
import {
  committedOffsets,
  groupIds,
  groupOf,
  groupWithoutLag,
  lagOf,
  type CommittedOffset,
  type Group,
  type GroupState,
} from './group-view.ts';
import type { TestMessage } from './message.ts';
import { groupLine, failureReport, type ReportSources } from './failure-report.ts';
import { TopicReader } from './topic-reader.ts';
import type { Isolation } from './visible-batches.ts';
import { Work } from './work.ts';

export interface WaitOptions {
  /** How long at most, in real time; 4 seconds unless given. */
  readonly timeout?: Duration;
}

export interface MessageWaitOptions extends WaitOptions {
  /** Counts the messages that it says yes to, and answers those alone. */
  readonly where?: (message: TestMessage) => boolean;
  readonly isolation?: Isolation;
}

/** All that is said must hold. */
export interface ExpectedGroup {
  readonly state?: GroupState;
  /** How many members. */
  readonly members?: number;
  /** How many partitions its members have together. */
  readonly assigned?: number;
}

export interface ExpectedCommit {
  readonly topic?: string;
  readonly partition?: number;
  /** The offset committed, or a later one. */
  readonly offset?: number;
}

export interface IdleOptions extends WaitOptions {
  /** For how long nothing must have happened; 100 ms unless given. */
  readonly quiet?: Duration;
}

export type MessagePredicate = (message: TestMessage, index: number, all: readonly TestMessage[]) => boolean;

/** Something did not come about in time; the message says what did. */
export class WaitTimeout extends Error {
  override name = 'WaitTimeout';
}

/** Less than the five seconds of a test in vitest and jest, so that the wait fails first and says what it saw. */
const DEFAULT_TIMEOUT_MS = 4000;
const DEFAULT_QUIET_MS = 100;

interface WaitersOptions extends ReportSources {
  readonly activity: Activity;
  readonly interceptor: TestInterceptor;
}

export class Waiters {
  readonly #options: WaitersOptions;
  readonly #work: Work;
  readonly #abort = new Set<(error: Error) => void>();

  constructor(options: WaitersOptions) {
    this.#options = options;
    this.#work = new Work(options.traffic, options.interceptor);
  }

  forMessages(
    topic: string,
    wanted: number | MessagePredicate = 1,
    options: MessageWaitOptions = {},
  ): Promise<TestMessage[]> {
    const { where = () => true, isolation } = options;
    const reader = new TopicReader(this.#options.broker, topic, isolation);
    const messages: TestMessage[] = [];
    const look = (): TestMessage[] | undefined => {
      messages.push(...reader.read().filter(where));
      if (typeof wanted === 'number') return messages.length >= wanted ? messages : undefined;
      const found = messages.filter((message, index) => wanted(message, index, messages));
      return found.length > 0 ? found : undefined;
    };
    const what = typeof wanted === 'number' ? `${wanted} messages in '${topic}'` : `a message in '${topic}' that fits`;
    return this.#wait(
      what,
      look,
      options,
      () => `there were ${messages.length}\n${failureReport(this.#options, topic)}`,
    );
  }

  forGroup(id: string, expected: ExpectedGroup = { state: 'Stable' }, options: WaitOptions = {}): Promise<Group> {
    const { state, members, assigned } = expected;
    const look = (): Group | undefined => {
      const group = groupWithoutLag(this.#options.broker, id);
      const partitions = group.members.reduce((sum, { assignment }) => sum + assignment.length, 0);
      const fits =
        (state === undefined || group.state === state) &&
        (members === undefined || group.members.length === members) &&
        (assigned === undefined || partitions === assigned);
      return fits ? groupOf(this.#options.broker, id) : undefined;
    };
    return this.#wait(`group '${id}' with ${said(expected)}`, look, options, () => this.#aboutGroup(id));
  }

  forCommit(groupId: string, expected: ExpectedCommit = {}, options: WaitOptions = {}): Promise<CommittedOffset> {
    const { topic, partition, offset = 0 } = expected;
    const look = (): CommittedOffset | undefined =>
      committedOffsets(this.#options.broker, groupId).find(
        (one) =>
          (topic ?? one.topic) === one.topic && (partition ?? one.partition) === one.partition && one.offset >= offset,
      );
    return this.#wait(`group '${groupId}' to commit ${said(expected)}`, look, options, () => this.#aboutGroup(groupId));
  }

  forLag(groupId: string, lag = 0, options: WaitOptions = {}): Promise<Group> {
    const look = (): Group | undefined => {
      const { broker } = this.#options;
      const left = lagOf(broker, groupWithoutLag(broker, groupId), lag);
      return left !== null && left <= lag ? groupOf(broker, groupId) : undefined;
    };
    return this.#wait(`group '${groupId}' to have ${lag} records left to read`, look, options, () =>
      this.#aboutGroup(groupId),
    );
  }

  async forIdle(options: IdleOptions = {}): Promise<void> {
    const quietMs = milliseconds(options.quiet ?? DEFAULT_QUIET_MS);
    const busy = (): string | undefined => this.#work.busyFor(quietMs) ?? unsettledGroup(this.#options);
    const end = this.#work.onQuiet(quietMs, () => this.#options.activity.notify());
    try {
      await this.#wait(
        `nothing to happen for ${quietMs} ms`,
        () => (busy() === undefined ? true : undefined),
        options,
        () => `${busy()}\n${failureReport(this.#options)}`,
      );
    } finally {
      end();
    }
  }

  until<T>(condition: () => T | undefined | false | null, options: WaitOptions & { what?: string } = {}): Promise<T> {
    const look = (): T | undefined => {
      const found = condition();
      return found === false || found === null ? undefined : found;
    };
    return this.#wait(options.what ?? 'the condition', look, options, () => failureReport(this.#options));
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const reject of Array.from(this.#abort))
      reject(new Error('the broker was stopped while a test waited for it'));
    this.#work.close();
  }

  #aboutGroup(id: string): string {
    return `there was\n${groupLine(groupOf(this.#options.broker, id))}\n${failureReport(this.#options)}`;
  }

  #wait<T>(what: string, look: () => T | undefined, { timeout }: WaitOptions, seen: () => string): Promise<T> {
    const timeoutMs = milliseconds(timeout ?? DEFAULT_TIMEOUT_MS);
    const waiting = new Promise<T>((resolve, reject) => {
      const end = (): void => {
        stopListening();
        timer.cancel();
        this.#abort.delete(fail);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const check = (): void => {
        try {
          const found = look();
          if (found === undefined) return;
          end();
          resolve(found);
        } catch (error) {
          fail(error);
        }
      };
      const stopListening = this.#options.activity.listen(check);
      const timer = systemClock.after(timeoutMs, () => {
        check(); // what changed without word
        if (this.#abort.has(fail)) fail(new WaitTimeout(`waited ${timeoutMs} ms for ${what}, in vain: ${seen()}`));
      });
      this.#abort.add(fail);
      check();
    });
    waiting.catch(() => {}); // a test that ended early does not look any more
    return waiting;
  }
}

function said(expected: object): string {
  const words = Object.entries(expected).map(([key, value]) => `${key} ${String(value)}`);
  return words.join(', ') || 'anything';
}

/** A group that rebalances, or that commits and has not caught up. */
function unsettledGroup({ broker }: ReportSources): string | undefined {
  for (const id of groupIds(broker)) {
    const group = groupWithoutLag(broker, id);
    if (group.members.length === 0) continue;
    if (group.state !== 'Stable') return `group '${id}' is ${group.state}`;
    if (group.offsets.length > 0 && (lagOf(broker, group, 0) ?? 0) > 0) return `group '${id}' has records left to read`;
  }
  return undefined;
}
