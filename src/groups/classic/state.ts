/** What a classic group is made of, what a step may ask of the shell, and the small changes every step is built from. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Group } from '../group.ts';

export type ClassicState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface ClassicMember {
  readonly memberId: string;
  /** Set for a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** The connection it last joined through; -1 after a restart. */
  connectionId: number;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  /** In the member's order of preference. */
  protocols: readonly MemberProtocol[];
  assignment: Uint8Array;
  /** The call that waits for the join phase to end. */
  joining: number | null;
  /** The call that waits for the leader's assignment. */
  syncing: number | null;
  /** Has not been answered by any join phase yet, so it cannot heartbeat: its session runs even while it waits. */
  isNew: boolean;
}

export interface ClassicGroup extends Group {
  readonly type: 'classic';
  state: ClassicState;
  previousState: ClassicState;
  /** When `state` was entered, milliseconds since 1970; -1 where the record of an old broker did not tell. */
  currentStateTimestamp: number;
  generationId: number;
  /** 'consumer', 'connect', …; null for a group that only ever stored offsets. */
  protocolType: string | null;
  protocolName: string | null;
  leader: string | null;
  /** In the order in which they joined. */
  readonly members: Map<string, ClassicMember>;
  /** Instance id to member id. */
  readonly staticMembers: Map<string, string>;
  /** Member ids given out with MEMBER_ID_REQUIRED and not used yet, each with its connection (KIP-394). */
  readonly pendingMembers: Map<string, number>;
  /** Members that have not sent SyncGroup in this generation. */
  readonly pendingSync: Set<string>;
  /** Topics the members of this generation consume; null where that cannot be told. */
  subscribedTopics: ReadonlySet<string> | null;
  /** The first join of an empty group waits in slices; null once that is over. */
  initialDelay: { delayMs: number; remainingMs: number } | null;
  newMemberAdded: boolean;
}

export interface ClassicLimits {
  /** group.max.size */
  readonly maxSize: number;
  /** group.initial.rebalance.delay.ms */
  readonly initialRebalanceDelayMs: number;
}

export interface JoinResponse {
  errorCode: number;
  generationId: number;
  protocolType: string | null;
  protocolName: string | null;
  leader: string;
  skipAssignment: boolean;
  memberId: string;
  members: { memberId: string; groupInstanceId: string | null; metadata: Uint8Array }[];
}

export interface SyncResponse {
  errorCode: number;
  protocolType: string | null;
  protocolName: string | null;
  assignment: Uint8Array;
}

export interface LeftMember {
  memberId: string;
  groupInstanceId: string | null;
  errorCode: number;
}

/** The facts of a group's record in __consumer_offsets, named as in GroupMetadataValue. */
export interface GroupMetadata {
  protocolType: string;
  generation: number;
  protocol: string | null;
  leader: string | null;
  currentStateTimestamp: number;
  members: {
    memberId: string;
    groupInstanceId: string | null;
    clientId: string;
    clientHost: string;
    rebalanceTimeout: number;
    sessionTimeout: number;
    subscription: Uint8Array;
    assignment: Uint8Array;
  }[];
}

/** Given back in the 'stored' event once the record is written or refused. */
export type Stored =
  | { readonly what: 'group' }
  | { readonly what: 'assignment'; readonly generationId: number; readonly assignments: Map<string, Uint8Array> }
  | {
      readonly what: 'staticMember';
      readonly memberId: string;
      readonly before: ClassicMember;
      readonly to: number;
      readonly response: JoinResponse;
    };

/** join: the join phase's end. sync: members that never sync. session: one member's life sign. */
export type TimerName = 'join' | 'sync' | 'session';

export type ClassicEffect =
  | { readonly type: 'joinReply'; readonly to: number; readonly response: JoinResponse }
  | { readonly type: 'syncReply'; readonly to: number; readonly response: SyncResponse }
  | { readonly type: 'heartbeatReply'; readonly errorCode: number }
  | { readonly type: 'leaveReply'; readonly errorCode: number; readonly members: LeftMember[] }
  /** Starts the timer, or starts it anew. `memberId` is '' but for sessions. */
  | { readonly type: 'startTimer'; readonly timer: TimerName; readonly memberId: string; readonly afterMs: number }
  | { readonly type: 'cancelTimer'; readonly timer: TimerName; readonly memberId: string }
  | { readonly type: 'append'; readonly metadata: GroupMetadata; readonly onceStored: Stored }
  | { readonly type: 'log'; readonly event: string; readonly reason: string }
  /** The member is no longer in the group. */
  | { readonly type: 'left'; readonly member: ClassicMember; readonly reason: string }
  /** The group has come to its next phase, for which it waited for `last`: a client id, '' for none. */
  | { readonly type: 'entered'; readonly state: 'CompletingRebalance' | 'Stable' | 'Empty'; readonly last: string };

/** One step under way: the moment, the limits, and what has been decided so far. */
export interface ClassicDecision {
  readonly nowMs: number;
  readonly limits: ClassicLimits;
  readonly effects: ClassicEffect[];
}

/** What Heartbeat and LeaveGroup are answered; they never wait for other members. */
export interface LeaveResponse {
  errorCode: number;
  members: LeftMember[];
}

export const NO_BYTES = new Uint8Array(0);

export function isClassicGroup(group: Group | undefined): group is ClassicGroup {
  return group?.type === 'classic';
}

export function newClassicGroup(groupId: string, nowMs: number): ClassicGroup {
  return {
    type: 'classic',
    groupId,
    state: 'Empty',
    previousState: 'Dead',
    currentStateTimestamp: nowMs,
    generationId: 0,
    protocolType: null,
    protocolName: null,
    leader: null,
    members: new Map(),
    staticMembers: new Map(),
    pendingMembers: new Map(),
    pendingSync: new Set(),
    subscribedTopics: null,
    initialDelay: null,
    newMemberAdded: false,
  };
}

export function enter(group: ClassicGroup, state: ClassicState, nowMs: number): void {
  group.previousState = group.state;
  group.state = state;
  group.currentStateTimestamp = nowMs;
}

export function addMember(group: ClassicGroup, member: ClassicMember): void {
  group.leader ??= member.memberId;
  group.members.set(member.memberId, member);
  if (member.groupInstanceId !== null) group.staticMembers.set(member.groupInstanceId, member.memberId);
  group.pendingMembers.delete(member.memberId);
}

/** Takes a member out, answering whatever call of it still waits, so that no connection hangs. `reason` is for people: 'it left'. */
export function removeMember(group: ClassicGroup, memberId: string, decision: ClassicDecision, reason: string): void {
  group.pendingMembers.delete(memberId);
  group.pendingSync.delete(memberId);
  decision.effects.push({ type: 'cancelTimer', timer: 'session', memberId });
  const member = group.members.get(memberId);
  if (member === undefined) return;
  group.members.delete(memberId);
  decision.effects.push({ type: 'left', member, reason });
  if (member.groupInstanceId !== null) group.staticMembers.delete(member.groupInstanceId);
  if (group.leader === memberId) group.leader = group.members.keys().next().value ?? null;
  answerJoin(member, joinError('', ErrorCode.UNKNOWN_MEMBER_ID), decision);
  answerSync(member, syncError(ErrorCode.UNKNOWN_MEMBER_ID), decision);
}

/** NONE, or why this member may not speak for the group (KIP-345: one instance id, one member id). */
export function checkMember(group: ClassicGroup, memberId: string, groupInstanceId: string | null): number {
  if (groupInstanceId !== null) {
    const current = group.staticMembers.get(groupInstanceId);
    if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    if (current !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
  }
  return group.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
}

export function everyMemberJoined(group: ClassicGroup): boolean {
  return group.pendingMembers.size === 0 && joiningCount(group) === group.members.size;
}

export function joiningCount(group: ClassicGroup): number {
  let count = 0;
  for (const member of group.members.values()) if (member.joining !== null) count++;
  return count;
}

/** The slowest member's time to rejoin. */
export function rebalanceTimeoutMs(group: ClassicGroup): number {
  let longest = 0;
  for (const member of group.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
  return longest;
}

export function metadataFor(member: ClassicMember, protocolName: string | null): Uint8Array {
  return member.protocols.find((protocol) => protocol.name === protocolName)?.metadata ?? NO_BYTES;
}

export function startSession(
  member: ClassicMember,
  decision: ClassicDecision,
  afterMs = member.sessionTimeoutMs,
): void {
  decision.effects.push({ type: 'startTimer', timer: 'session', memberId: member.memberId, afterMs });
}

export function answerJoin(member: ClassicMember, response: JoinResponse, decision: ClassicDecision): void {
  if (member.joining === null) return;
  decision.effects.push({ type: 'joinReply', to: member.joining, response });
  member.joining = null;
}

/** True where a call was waiting. */
export function answerSync(member: ClassicMember, response: SyncResponse, decision: ClassicDecision): boolean {
  if (member.syncing === null) return false;
  decision.effects.push({ type: 'syncReply', to: member.syncing, response });
  member.syncing = null;
  return true;
}

export function joinError(memberId: string, errorCode: number): JoinResponse {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

/** The group as it stands, told to one member; only a leader that must assign is told who else is in it. */
export function joinResponse(group: ClassicGroup, memberId: string, withMembers: boolean): JoinResponse {
  return {
    errorCode: ErrorCode.NONE,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leader ?? '',
    skipAssignment: false,
    memberId,
    members: withMembers ? memberList(group) : [],
  };
}

function memberList(group: ClassicGroup): JoinResponse['members'] {
  return Array.from(group.members.values(), (member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataFor(member, group.protocolName),
  }));
}

export function syncError(errorCode: number): SyncResponse {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES };
}

export function syncResponse(group: ClassicGroup, member: ClassicMember): SyncResponse {
  return {
    errorCode: ErrorCode.NONE,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    assignment: member.assignment,
  };
}

/** What the group's record says; `assignments` where they are not the members' own yet. */
export function groupMetadata(group: ClassicGroup, assignments?: Map<string, Uint8Array>): GroupMetadata {
  return {
    protocolType: group.protocolType ?? '',
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leader,
    currentStateTimestamp: group.currentStateTimestamp,
    members: Array.from(group.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: metadataFor(member, group.protocolName),
      assignment: assignments === undefined ? member.assignment : (assignments.get(member.memberId) ?? NO_BYTES),
    })),
  };
}
