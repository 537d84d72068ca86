/** One decision about a group: its moment and limits, and the records and timers it comes to. Nothing has happened yet. */
import { membersLeft } from '../departures.ts';
import type { GroupRecord } from '../group-record.ts';
import type { GroupTopics } from '../group-topics.ts';

/** The group's own configurations where it has them, the broker's otherwise. */
export interface ModernLimits {
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
  /** Least milliseconds between two assignments. */
  readonly assignmentIntervalMs: number;
  readonly maxSize: number;
}

export interface MemberTimer<Name extends string> {
  readonly name: Name;
  readonly memberId: string;
  /** Starts it, or starts it anew; null ends it. */
  readonly afterMs: number | null;
  /** Leaves it as it is where it runs. */
  readonly keep?: boolean;
}

export interface DepartedMember {
  readonly memberId: string;
  readonly clientId: string;
  /** 'it left the group' */
  readonly reason: string;
}

export interface ModernDecision<R extends GroupRecord = GroupRecord, Name extends string = string> {
  readonly nowMs: number;
  readonly limits: ModernLimits;
  readonly topics: GroupTopics;
  /** To be written in one piece; nothing else of the decision takes effect before. */
  readonly records: R[];
  readonly timers: MemberTimer<Name>[];
  /** The group has looked at the topics, and need not again until they change. */
  looked: boolean;
  /** Why the group is assigned anew, for people; null where it is not. */
  why: string | null;
  /** Members that are taken out, for people. */
  left: readonly DepartedMember[];
}

/** The records that every kind of such groups has, each under its own key. */
export interface ModernRecords<R extends GroupRecord> {
  epoch(groupId: string, value: { readonly epoch: number; readonly metadataHash: bigint }): R;
  target(groupId: string, memberId: string, value: ReadonlyMap<string, ReadonlySet<number>>): R;
  targetEpoch(groupId: string, value: { readonly assignmentEpoch: number; readonly assignmentTimestamp: number }): R;
}

/** The member has shown a life sign. */
export function startSession<Name extends string>(
  { memberId }: { readonly memberId: string },
  { timers, limits }: Pick<ModernDecision<GroupRecord, Name | 'session'>, 'timers' | 'limits'>,
): void {
  timers.push({ name: 'session', memberId, afterMs: limits.sessionTimeoutMs });
}

/** Notes that the members are taken out, and why. */
export function noteDeparture(
  decision: ModernDecision,
  gone: Iterable<{ readonly memberId: string; readonly clientId: string }>,
  reason: string,
): void {
  decision.left = Array.from(gone, ({ memberId, clientId }) => ({ memberId, clientId, reason }));
  decision.why = `${membersLeft(decision.left.map(({ memberId }) => memberId))}: ${reason}`;
}
