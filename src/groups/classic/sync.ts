/** SyncGroup and Heartbeat on a classic group: the leader's assignment reaches the members, and they stay alive. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClassicGroup, ClassicMember, Stored, ClassicDecision } from './state.ts';
import {
  answerSync,
  checkMember,
  enter,
  groupMetadata,
  NO_BYTES,
  removeMember,
  startSession,
  syncError,
  syncResponse,
} from './state.ts';
import { cancelPendingSync, prepareRebalance, rebalance, refuseSyncs } from './rebalance.ts';

export interface SyncEvent {
  readonly type: 'sync';
  readonly nowMs: number;
  /** The call to answer. */
  readonly to: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  /** Null where the client does not tell (before v5). */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** Only the leader's count. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

export interface HeartbeatEvent {
  readonly type: 'heartbeat';
  readonly nowMs: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

export function sync(group: ClassicGroup, event: SyncEvent, decision: ClassicDecision): void {
  const refuse = (errorCode: number): void => {
    decision.effects.push({ type: 'syncReply', to: event.to, response: syncError(errorCode) });
  };
  const errorCode = checkSync(group, event);
  if (errorCode !== ErrorCode.NONE) return refuse(errorCode);
  const member = group.members.get(event.memberId) as ClassicMember;
  group.pendingSync.delete(event.memberId);
  if (group.pendingSync.size === 0) cancelPendingSync(group, decision);
  if (group.state === 'Stable') {
    decision.effects.push({ type: 'syncReply', to: event.to, response: syncResponse(group, member) });
    return;
  }
  // Kafka never answers the call that a repeated one replaces; its connection would hang here.
  answerSync(member, syncError(ErrorCode.REBALANCE_IN_PROGRESS), decision);
  member.syncing = event.to;
  if (event.memberId !== group.leader) return;
  const assignments = new Map<string, Uint8Array>();
  for (const memberId of group.members.keys()) assignments.set(memberId, NO_BYTES);
  for (const { memberId, assignment } of event.assignments) assignments.set(memberId, assignment);
  const { generationId } = group;
  decision.effects.push({
    type: 'append',
    metadata: groupMetadata(group, assignments),
    onceStored: { what: 'assignment', generationId, assignments },
  });
}

function checkSync(group: ClassicGroup, event: SyncEvent): number {
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  const errorCode = checkMember(group, event.memberId, event.groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  if (event.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  if (differs(event.protocolType, group.protocolType) || differs(event.protocolName, group.protocolName)) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  }
  if (group.state === 'PreparingRebalance') return ErrorCode.REBALANCE_IN_PROGRESS;
  return group.state === 'Empty' ? ErrorCode.UNKNOWN_MEMBER_ID : ErrorCode.NONE;
}

function differs(told: string | null, actual: string | null): boolean {
  return told !== null && actual !== null && told !== actual;
}

/** The assignment is in the log, and the members get it; or the log refused it, and they join again. */
export function assignmentStored(
  group: ClassicGroup,
  stored: Extract<Stored, { what: 'assignment' }>,
  errorCode: number,
  decision: ClassicDecision,
): void {
  // A member may have come or gone while the record was on its way.
  if (group.state !== 'CompletingRebalance' || group.generationId !== stored.generationId) return;
  if (errorCode !== ErrorCode.NONE) {
    refuseSyncs(group, decision, errorCode);
    return rebalance(group, decision, 'the assignment could not be stored');
  }
  enter(group, 'Stable', decision.nowMs);
  decision.effects.push({
    type: 'entered',
    state: 'Stable',
    last: group.members.get(group.leader ?? '')?.clientId ?? '',
  });
  for (const member of group.members.values()) {
    member.assignment = stored.assignments.get(member.memberId) ?? NO_BYTES;
    if (answerSync(member, syncResponse(group, member), decision)) startSession(member, decision);
  }
}

/** The sync timer fired: members that have not sent SyncGroup are taken out. */
export function syncTimerFired(group: ClassicGroup, decision: ClassicDecision): void {
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return;
  if (group.pendingSync.size === 0) return;
  for (const memberId of group.pendingSync) {
    removeMember(group, memberId, decision, 'it did not ask for its assignment in time (SyncGroup)');
  }
  prepareRebalance(group, decision, 'members did not ask for their assignment in time');
}

export function heartbeat(group: ClassicGroup, event: HeartbeatEvent, decision: ClassicDecision): void {
  decision.effects.push({ type: 'heartbeatReply', errorCode: checkHeartbeat(group, event, decision) });
}

function checkHeartbeat(group: ClassicGroup, event: HeartbeatEvent, decision: ClassicDecision): number {
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  const errorCode = checkMember(group, event.memberId, event.groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  if (event.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  if (group.state === 'Empty') return ErrorCode.UNKNOWN_MEMBER_ID;
  startSession(group.members.get(event.memberId) as ClassicMember, decision);
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}
