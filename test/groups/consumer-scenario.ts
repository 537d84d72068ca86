/**
 * Plays a scenario on one group of the consumer protocol, without shell or clock, and writes the transcript. A line
 * that starts with '>' is an event; the indented lines under it say what was written, and what was answered.
 */
import { errorName } from '../../protocol/errors.ts';
import { heartbeat } from '../../src/groups/consumer/heartbeat.ts';
import { removeMembers } from '../../src/groups/consumer/leave.ts';
import type { ConsumerHeartbeat } from '../../src/groups/consumer/request.ts';
import { replayConsumer } from '../../src/groups/consumer/replay.ts';
import type { OwnedPartitions } from '../../src/groups/consumer/state.ts';
import type { Assignment } from '../../src/groups/modern/assignment.ts';
import { listPartitions } from '../../src/groups/modern/assignment.ts';
import { MemberState, newConsumerGroup, stateOf } from '../../src/groups/consumer/state.ts';
import type { ConsumerLimits, ConsumerDecision } from '../../src/groups/consumer/decision.ts';
import { NamePattern } from '../../src/patterns/name-pattern.ts';
import { newDecision } from '../../src/groups/consumer/decision.ts';

const STATES = ['STABLE', 'UNREVOKED', 'UNRELEASED'];
const LIMITS: ConsumerLimits = {
  heartbeatIntervalMs: 5000,
  sessionTimeoutMs: 45_000,
  assignmentIntervalMs: 0,
  regexRefreshIntervalMs: 600_000,
  maxSize: 10,
  classicMaxSize: 10,
  assignors: ['uniform', 'range'],
  upgrade: true,
  downgrade: true,
};

class Scenario {
  readonly #group = newConsumerGroup('g');
  #topics: ReadonlyMap<string, { id: string; name: string; partitions: unknown[] }> = new Map();
  readonly #timers = new Map<string, number>();
  /** The epoch each member was last told. */
  readonly #epochs = new Map<string, number>();
  #limits = LIMITS;
  #revision = 0;
  #nowMs = 1_000_000;
  #lines: string[] = [];

  play(line: string): string[] {
    this.#lines = [];
    const [verb, subject = '', ...rest] = line.split(' ');
    const options = new Map(rest.map((word) => word.split('=') as [string, string]));
    const before = stateOf(this.#group);
    this.#perform(verb, subject, options);
    const after = stateOf(this.#group);
    if (after !== before) this.#lines.push(`[${before} -> ${after}]`);
    return this.#lines;
  }

  #perform(verb: string, subject: string, options: Map<string, string>): void {
    switch (verb) {
      case 'limit':
        this.#limits = { ...this.#limits, [subject]: Number(options.get('to')) };
        return;
      case 'topic': {
        const count = Number(options.get('partitions'));
        const topics = new Map(this.#topics);
        this.#topics = topics;
        if (count === 0) topics.delete(subject);
        else topics.set(subject, { id: subject, name: subject, partitions: Array.from({ length: count }) });
        this.#revision++;
        return;
      }
      case 'wait':
        return this.#wait(Number(subject));
      case 'join':
        return this.#beat(subject, 0, new Map([['topics', ''], ['owns', ''], ['rebalance', '30000'], ...options]));
      case 'beat':
        return this.#beat(subject, Number(options.get('epoch') ?? this.#epochs.get(subject) ?? 0), options);
      case 'leave':
        return this.#beat(subject, -1, options);
      case 'away':
        return this.#beat(subject, -2, options);
      default:
        throw new Error(`A scenario knows no '${verb}'`);
    }
  }

  #beat(memberId: string, memberEpoch: number, options: Map<string, string>): void {
    const decision = this.#decision();
    const request: ConsumerHeartbeat = {
      memberId,
      memberEpoch,
      instanceId: options.get('instance') ?? null,
      rackId: null,
      rebalanceTimeoutMs: Number(options.get('rebalance') ?? -1),
      subscribedTopicNames: words(options.get('topics')),
      subscribedTopicRegex: options.get('regex') ?? null,
      serverAssignor: options.get('assignor') ?? null,
      topicPartitions:
        words(options.get('owns'))?.map((text) => ({
          topicId: text.slice(0, -1),
          partitions: [Number(text.at(-1))],
        })) ?? null,
      clientId: 'c',
      clientHost: '/h',
    };
    const answer = heartbeat(this.#group, request, decision);
    if (!('memberEpoch' in answer)) {
      this.#lines.push(errorName(answer.errorCode));
      return;
    }
    this.#apply(decision);
    this.#epochs.set(memberId, Math.max(answer.memberEpoch, 0));
    const given = answer.assignment;
    const partitions = given === null ? '' : ` has [${shown(given.topicPartitions)}]`;
    this.#lines.push(`${memberId}: epoch ${answer.memberEpoch}${partitions}`);
  }

  #decision(): ConsumerDecision {
    const topics = { revision: this.#revision, topicsByName: this.#topics, topicsById: this.#topics };
    return newDecision(this.#nowMs, this.#limits, topics, (regex) => {
      const pattern = new NamePattern(regex);
      return [...this.#topics.keys()].filter((name) => pattern.matches(name)).sort();
    });
  }

  #apply({ nowMs, records, timers, looked, askedRegexes }: ConsumerDecision): void {
    if (looked) this.#group.seenTopics = this.#topics;
    if (askedRegexes) this.#group.regexesRefreshedMs = nowMs;
    for (const record of records) {
      this.#lines.push(described(record));
      if (record.type !== 'group') replayConsumer(this.#group, record);
    }
    for (const { name, memberId, afterMs } of timers) {
      if (afterMs === null) this.#timers.delete(`${name} ${memberId}`);
      else this.#timers.set(`${name} ${memberId}`, this.#nowMs + afterMs);
    }
  }

  #wait(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [due] = [...this.#timers].filter(([, dueMs]) => dueMs <= untilMs).toSorted(([, a], [, b]) => a - b);
      if (due === undefined) break;
      const [name, dueMs] = due;
      this.#timers.delete(name);
      this.#nowMs = dueMs;
      const [timer, memberId] = name.split(' ');
      const member = this.#group.members.get(memberId);
      this.#lines.push(`(${name} timer)`);
      if (member === undefined || (timer === 'rebalance' && member.state !== MemberState.UNREVOKED_PARTITIONS))
        continue;
      const decision = this.#decision();
      removeMembers(this.#group, [member], '', decision);
      this.#apply(decision);
    }
    this.#nowMs = untilMs;
  }
}

/** `a,b`; '' is an empty list, undefined no list. */
function words(text: string | undefined): string[] | null {
  return text === undefined ? null : text.split(',').filter(Boolean);
}

function shown(topics: readonly { topicId: string; partitions: readonly number[] }[]): string {
  const names = topics.flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topicId}${partition}`));
  return names.toSorted().join(' ');
}

function list(partitions: OwnedPartitions | Assignment): string {
  return shown(listPartitions(partitions));
}

function described(record: ConsumerDecision['records'][number]): string {
  switch (record.type) {
    case 'consumerEpoch':
      return `+ epoch ${record.value?.epoch}`;
    case 'consumerMember': {
      if (record.value === null) return `- member ${record.memberId}`;
      const { subscribedTopicNames, subscribedTopicRegex } = record.value;
      return `+ member ${record.memberId} reads [${[...subscribedTopicNames, subscribedTopicRegex].join(' ').trim()}]`;
    }
    case 'consumerTargetEpoch':
      return `+ target epoch ${record.value?.assignmentEpoch}`;
    case 'consumerTarget':
      if (record.value === null) return `- target ${record.memberId}`;
      return `+ target ${record.memberId} [${list(record.value)}]`;
    case 'consumerCurrent': {
      if (record.value === null) return `- current ${record.memberId}`;
      const { memberEpoch, state, assignedPartitions, partitionsPendingRevocation } = record.value;
      const revoked = list(partitionsPendingRevocation);
      return (
        `+ current ${record.memberId} epoch ${memberEpoch} ${STATES[state]} [${list(assignedPartitions)}]` +
        (revoked === '' ? '' : ` gives up [${revoked}]`)
      );
    }
    case 'consumerRegex':
      return record.value === null
        ? `- regex ${record.regularExpression}`
        : `+ regex ${record.regularExpression} finds [${record.value.topics.join(' ')}]`;
    default:
      return `+ ${record.type}`;
  }
}

/** The transcript as it comes out; equal to the one given where the machine does what it says. */
export function playConsumerScenario(transcript: string): string {
  const scenario = new Scenario();
  const lines: string[] = [];
  for (const line of transcript.split('\n')) {
    if (line.startsWith('> ')) lines.push(line, ...scenario.play(line.slice(2)).map((what) => `  ${what}`));
    else if (line === '' || line.startsWith('#')) lines.push(line);
  }
  return lines.join('\n');
}
