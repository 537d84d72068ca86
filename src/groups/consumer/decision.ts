/** One decision about a consumer group: its moment and limits, and the records and timers it comes to. */
import type { ClassicGroup } from '../classic/state.ts';
import type { ConsumerMember } from './state.ts';
import type { GroupTopics } from '../group-topics.ts';
import type { ClassicGroupRecord } from '../classic/records.ts';
import type { MemberTimer, ModernDecision, ModernLimits } from '../modern/decision.ts';
import type { ConsumerRecord } from './records.ts';

/** The group's own configurations where it has them, the broker's otherwise. */
export interface ConsumerLimits extends ModernLimits {
  /** group.consumer.regex.refresh.interval.ms */
  readonly regexRefreshIntervalMs: number;
  /** group.max.size */
  readonly classicMaxSize: number;
  /** group.consumer.assignors; the first is taken where no member votes. */
  readonly assignors: readonly string[];
  /** group.consumer.migration.policy: classic to consumer while members are in the group. */
  readonly upgrade: boolean;
  /** The same from consumer to classic. */
  readonly downgrade: boolean;
}

/**
 * session: one member's life sign. rebalance: a member that was told to give partitions up. join, sync: a member of the
 * classic protocol that was told to join, or has joined and is to fetch its assignment.
 */
export type ConsumerTimerName = 'session' | 'rebalance' | 'join' | 'sync';

export type ConsumerTimer = MemberTimer<ConsumerTimerName>;

/**
 * The names of the topics that match, sorted; null while they are looked for: then the group is told later.
 * @throws {PatternError} for what is no expression
 */
export type ResolvePattern = (regex: string) => readonly string[] | null;

export interface ConsumerDecision extends ModernDecision<ConsumerRecord | ClassicGroupRecord, ConsumerTimerName> {
  readonly limits: ConsumerLimits;
  readonly resolve: ResolvePattern;
  /** All regular expressions have been asked for their topics. */
  askedRegexes: boolean;
  /** Expressions that match the same topics as before, by the revision of the cluster in which that was found. */
  readonly unchangedRegexes: Map<string, number>;
  /** The classic group that takes this group's place. */
  downgraded: ClassicGroup | null;
}

export function newDecision(
  nowMs: number,
  limits: ConsumerLimits,
  topics: GroupTopics,
  resolve: ResolvePattern,
): ConsumerDecision {
  return {
    nowMs,
    limits,
    topics,
    resolve,
    records: [],
    timers: [],
    looked: false,
    askedRegexes: false,
    unchangedRegexes: new Map(),
    downgraded: null,
    why: null,
    left: [],
  };
}

export function startSession(member: ConsumerMember, decision: ConsumerDecision): void {
  const afterMs = member.classicMemberMetadata?.sessionTimeoutMs ?? decision.limits.sessionTimeoutMs;
  decision.timers.push({ name: 'session', memberId: member.memberId, afterMs });
}

export function cancelTimers(memberId: string, decision: ConsumerDecision): void {
  for (const name of ['session', 'rebalance', 'join', 'sync'] as const) {
    decision.timers.push({ name, memberId, afterMs: null });
  }
}
