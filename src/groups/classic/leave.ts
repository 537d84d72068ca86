/** How members go from a classic group: by LeaveGroup, by silence, or with their connection. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { membersLeft } from '../departures.ts';
import type { ClassicGroup, LeftMember, ClassicDecision } from './state.ts';
import { checkMember, removeMember } from './state.ts';
import { endJoinPhaseIfAllJoined, rebalance } from './rebalance.ts';

export interface LeaveEvent {
  readonly type: 'leave';
  readonly nowMs: number;
  readonly members: readonly {
    /** '' to remove a static member by its instance id alone, as the admin client does. */
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly reason: string | null;
  }[];
}

const LEFT = 'it left the group';

export function leave(group: ClassicGroup, event: LeaveEvent, decision: ClassicDecision): void {
  if (group.state === 'Dead') {
    decision.effects.push({ type: 'leaveReply', errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, members: [] });
    return;
  }
  const gone: string[] = [];
  const members = event.members.map(({ memberId, groupInstanceId, reason }): LeftMember => {
    const result = { memberId, groupInstanceId, errorCode: 0 };
    const actual =
      memberId === '' && groupInstanceId !== null ? (group.staticMembers.get(groupInstanceId) ?? '') : memberId;
    // Kafka rebalances when a pending member leaves, although no other member is concerned; so do we.
    if (!group.pendingMembers.has(memberId)) result.errorCode = checkMember(group, actual, groupInstanceId);
    if (result.errorCode !== ErrorCode.NONE) return result;
    removeMember(group, actual, decision, reason === null || reason === '' ? LEFT : `${LEFT}: ${reason}`);
    gone.push(reason === null || reason === '' ? actual : `${actual}: ${reason}`);
    return result;
  });
  decision.effects.push({ type: 'leaveReply', errorCode: ErrorCode.NONE, members });
  afterLeaving(group, gone, decision);
}

/** A member's session ran out. A member whose JoinGroup or SyncGroup waits for an answer cannot heartbeat, and stays. */
export function sessionTimerFired(group: ClassicGroup, memberId: string, decision: ClassicDecision): void {
  const member = group.members.get(memberId);
  if (member !== undefined && !member.isNew && (member.joining !== null || member.syncing !== null)) return;
  if (member === undefined && !group.pendingMembers.has(memberId)) return;
  const timeoutMs = member?.sessionTimeoutMs ?? 0;
  removeMember(group, memberId, decision, `it sent no heartbeat for ${timeoutMs} ms (session.timeout.ms)`);
  afterLeaving(group, member === undefined ? [] : [`${memberId}: heartbeat expired`], decision);
}

const CONNECTION_CLOSED = 'its connection was closed';

/** Takes out every dynamic member that joined through a connection; static ones may come back with another. */
export function connectionClosed(group: ClassicGroup, connectionId: number, decision: ClassicDecision): void {
  const gone: string[] = [];
  for (const [memberId, connection] of group.pendingMembers) {
    if (connection === connectionId) removeMember(group, memberId, decision, CONNECTION_CLOSED);
  }
  for (const member of group.members.values()) {
    if (member.connectionId !== connectionId || member.groupInstanceId !== null) continue;
    removeMember(group, member.memberId, decision, CONNECTION_CLOSED);
    gone.push(`${member.memberId}: connection closed`);
  }
  afterLeaving(group, gone, decision);
}

function afterLeaving(group: ClassicGroup, gone: readonly string[], decision: ClassicDecision): void {
  // An id that was given out and never used was no part of any generation: it can only have held up a join phase.
  if (gone.length === 0) endJoinPhaseIfAllJoined(group, decision);
  else if (group.state !== 'Empty') rebalance(group, decision, membersLeft(gone));
}
