/** Waiting for something to be true in the broker, instead of sleeping; and saying what there was when it never became so. */
import { count } from '../insight/words.ts';
import { systemClock } from '../platform/clock.ts';
import type { Activity } from './activity.ts';
import type { CallPlace } from './call-place.ts';
import { milliseconds } from './duration.ts';
import { failureReport, type ReportFocus, type ReportSources } from './failure-report.ts';
import { committedOffsets, groupIds, groupOf, groupType, groupWithoutLag, lagOf } from './group-view.ts';
import { shareBacklog } from './queue-view.ts';
import type { CommittedOffset, Group } from './group.ts';
import type { TestMessage } from './message.ts';
import { timeoutOf, type Awaited, type PendingWaits } from './pending-waits.ts';
import { SoughtMessages } from './sought-messages.ts';
import type { TestInterceptor } from './test-interceptor.ts';
import { TopicReader } from './topic-reader.ts';
import {
  DEFAULT_WITHIN_MS,
  checkCommitWait,
  checkGroupWait,
  checkIdleWait,
  checkLagWait,
  checkMessageWait,
  checkNoMessages,
  checkAnswer,
  checkUntil,
} from './wait-checks.ts';
import type {
  ExpectedCommit,
  ExpectedGroup,
  IdleOptions,
  MessagePredicate,
  MessageWaitOptions,
  NoMessagesOptions,
  UntilOptions,
  WaitOptions,
} from './wait-options.ts';
import { Work } from './work.ts';

const DEFAULT_QUIET_MS = 100;

interface WaitersOptions extends ReportSources {
  readonly activity: Activity;
  readonly interceptor: TestInterceptor;
  readonly pending: PendingWaits;
}

export class Waiters {
  readonly #options: WaitersOptions;
  readonly #work: Work;

  constructor(options: WaitersOptions) {
    this.#options = options;
    this.#work = new Work(options.traffic, options.interceptor);
  }

  forMessages(
    place: CallPlace,
    topic: string,
    wanted: number | MessagePredicate = 1,
    options: MessageWaitOptions = {},
  ): Promise<TestMessage[]> {
    checkMessageWait(wanted, options);
    const reader = new TopicReader(this.#options.broker, topic, options.isolation);
    const sought = new SoughtMessages(wanted, options.where);
    const look = (): TestMessage[] | undefined => {
      sought.add(reader.read());
      return sought.result;
    };
    const what = sought.describe(topic);
    return this.#wait(place, options, { what, look, found: () => sought.found, focus: { topic } });
  }

  forNoMessages(place: CallPlace, topic: string, options: NoMessagesOptions = {}): Promise<void> {
    checkNoMessages(options);
    const { within = DEFAULT_WITHIN_MS, where = () => true, isolation } = options;
    const withinMs = milliseconds(within);
    const reader = new TopicReader(this.#options.broker, topic, isolation);
    const until = systemClock.monotonic() + withinMs;
    const look = (): true | undefined => {
      const [unwanted] = reader.read().filter(where);
      if (unwanted !== undefined) {
        const report = failureReport(this.#options, { topic });
        const message = `expected no messages in '${topic}' for ${withinMs} ms, found one:\n    ${String(unwanted)}\n${report}`;
        const error = new Error(message);
        error.stack = `Error: ${message}\n${place.frames}`;
        throw error;
      }
      return systemClock.monotonic() >= until ? true : undefined;
    };
    const timer = systemClock.after(withinMs + 1, () => this.#options.activity.notify());
    const what = `no messages in '${topic}'`;
    const found = (): string => 'the time did not pass';
    const wait = this.#options.pending.begin({
      what,
      place,
      timeoutMs: withinMs + 1000,
      look,
      found,
      onEnd: () => timer.cancel(),
    });
    return wait as unknown as Promise<void>;
  }

  forGroup(place: CallPlace, id: string, expected: ExpectedGroup = {}, options: WaitOptions = {}): Promise<Group> {
    checkGroupWait(id, expected, options);
    const wanted = Object.keys(expected).length === 0 ? { state: 'Stable' as const } : expected;
    const { state, members, assigned } = wanted;
    const look = (): Group | undefined => {
      const group = groupWithoutLag(this.#options.broker, id);
      const fits =
        (state === undefined || group.state === state) &&
        (members === undefined || group.members.length === members) &&
        (assigned === undefined || assignedOf(group) === assigned);
      return fits ? groupOf(this.#options.broker, id) : undefined;
    };
    const found = (): string => {
      const group = groupWithoutLag(this.#options.broker, id);
      if (group.state === 'Dead') return 'no such group';
      return groupWords({ state: group.state, members: group.members.length, assigned: assignedOf(group) });
    };
    const focus = { group: id };
    return this.#wait(place, options, {
      what: `group '${id}' to ${state === undefined ? 'have' : 'be'} ${groupWords(wanted)}`,
      look,
      found,
      focus,
    });
  }

  forCommit(
    place: CallPlace,
    groupId: string,
    expected: ExpectedCommit = {},
    options: WaitOptions = {},
  ): Promise<CommittedOffset> {
    checkCommitWait(expected, options);
    const { topic, partition, offset } = expected;
    const committed = (): CommittedOffset[] => committedOffsets(this.#options.broker, groupId);
    const look = (): CommittedOffset | undefined =>
      committed().find(
        (one) =>
          (topic ?? one.topic) === one.topic &&
          (partition ?? one.partition) === one.partition &&
          one.offset >= (offset ?? 0),
      );
    const found = (): string => committed().map(commitWords).join(', ') || 'nothing committed';
    const what = `group '${groupId}' to commit ${offset === undefined ? 'an offset' : `offset ${offset}`}${placeWords(topic, partition)}`;
    return this.#wait(place, options, { what, look, found, focus: { group: groupId, topic } });
  }

  forLag(place: CallPlace, groupId: string, lag = 0, options: WaitOptions = {}): Promise<Group> {
    checkLagWait(lag, options);
    const { broker } = this.#options;
    const look = (): Group | undefined => {
      const left = leftOf(broker, groupId, lag);
      return left !== null && left <= lag ? groupOf(broker, groupId) : undefined;
    };
    const found = (): string => {
      const left = groupOf(broker, groupId).lag;
      return left === null ? 'nothing committed or assigned' : String(left);
    };
    const what = `group '${groupId}' to have ${count(lag, 'record')} left to read`;
    return this.#wait(place, options, { what, look, found, focus: { group: groupId } });
  }

  forIdle(place: CallPlace, options: IdleOptions = {}): Promise<void> {
    checkIdleWait(options);
    const quietMs = milliseconds(options.quiet ?? DEFAULT_QUIET_MS);
    const busy = (): string | undefined => this.#work.busyFor(quietMs) ?? unsettledGroup(this.#options);
    const onEnd = this.#work.onQuiet(quietMs, () => this.#options.activity.notify());
    const look = (): true | undefined => (busy() === undefined ? true : undefined);
    const found = (): string => busy() ?? 'quiet';
    const wait = this.#wait(place, options, { what: `${quietMs} ms without activity`, look, found, focus: {}, onEnd });
    return wait as unknown as Promise<void>;
  }

  until<T>(place: CallPlace, condition: () => T | undefined | false | null, options: UntilOptions = {}): Promise<T> {
    checkUntil(condition, options);
    const look = (): T | undefined => {
      const found = condition();
      checkAnswer(found);
      return found === false || found === null ? undefined : found;
    };
    const what = options.what ?? 'the condition to hold';
    return this.#wait(place, options, { what, look, found: () => 'that it does not', focus: {} });
  }

  /** Another number whenever a client has worked; never twice the same while somebody waits. */
  get workMark(): number {
    return this.#options.pending.size > 0 ? NaN : this.#work.lastAtMs;
  }

  close(): void {
    this.#options.pending.close();
    this.#work.close();
  }

  #wait<T>(
    place: CallPlace,
    options: WaitOptions,
    awaited: Omit<Awaited<T>, 'place' | 'timeoutMs'> & { readonly focus: ReportFocus },
  ): Promise<T> {
    const { focus, found } = awaited;
    return this.#options.pending.begin({
      ...awaited,
      place,
      timeoutMs: timeoutOf(options),
      seen: found,
      found: () => `found ${found()}\n${failureReport(this.#options, focus)}`,
    });
  }
}

function assignedOf({ members }: Pick<Group, 'members'>): number {
  return members.reduce((sum, { assignment }) => sum + assignment.length, 0);
}

/** 'Stable with 2 members and 6 partitions assigned' */
function groupWords({ state, members, assigned }: ExpectedGroup): string {
  const parts = [
    ...(members === undefined ? [] : [count(members, 'member')]),
    ...(assigned === undefined ? [] : [`${count(assigned, 'partition')} assigned`]),
  ];
  return [state ?? '', parts.join(' and ')].filter((part) => part !== '').join(' with ') || 'there';
}

function commitWords({ topic, partition, offset }: CommittedOffset): string {
  return `${topic}[${partition}]=${offset}`;
}

function placeWords(topic: string | undefined, partition: number | undefined): string {
  if (topic === undefined) return partition === undefined ? '' : ` of partition ${partition}`;
  return ` of ${topic}${partition === undefined ? '' : `[${partition}]`}`;
}

/** Records that are left to read, or in a share group to finish. */
function leftOf(broker: ReportSources['broker'], groupId: string, most: number): number | null {
  if (groupType(broker, groupId) === 'share') return shareBacklog(broker, groupId);
  return lagOf(broker, groupWithoutLag(broker, groupId), most);
}

/** A share group whose members have something to do, or are doing it. */
function isBusy(broker: ReportSources['broker'], groupId: string): boolean {
  return (shareBacklog(broker, groupId) ?? 0) > 0;
}

/** A group that rebalances, or that commits and has not caught up. */
function unsettledGroup({ broker }: ReportSources): string | undefined {
  for (const id of groupIds(broker)) {
    const group = groupWithoutLag(broker, id);
    if (group.members.length === 0) continue;
    if (group.state !== 'Stable') return `group '${id}' is ${group.state}`;
    const isBehind =
      group.type === 'share' ? isBusy(broker, id) : group.offsets.length > 0 && (lagOf(broker, group, 0) ?? 0) > 0;
    if (isBehind) return `group '${id}' has records left to read`;
  }
  return undefined;
}
