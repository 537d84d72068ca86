/** JoinGroup on a classic group: who may come in, and whether that disturbs the others. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClassicGroup, ClassicMember, ClassicDecision } from './state.ts';
import {
  addMember,
  checkMember,
  joinError,
  joiningCount,
  joinResponse,
  NO_BYTES,
  removeMember,
  startSession,
} from './state.ts';
import type { JoinEvent } from './join-event.ts';
import { clientReason, sameProtocols, updateMember } from './join-event.ts';
import { supportsProtocols } from './protocol-vote.ts';
import { endJoinPhaseIfAllJoined, rebalance } from './rebalance.ts';
import { joinAsStaticAgain } from './static-members.ts';

/** A member that waits for its first generation cannot heartbeat; its connection may be long gone. */
const NEW_MEMBER_TIMEOUT_MS = 5 * 60_000;

export function join(group: ClassicGroup, event: JoinEvent, decision: ClassicDecision): void {
  const refuse = (errorCode: number): void => {
    decision.effects.push({ type: 'joinReply', to: event.to, response: joinError(event.memberId, errorCode) });
  };
  if (group.state === 'Dead') return refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  if (!hasRoom(group, event.memberId, decision.limits.maxSize)) {
    removeMember(group, event.memberId, decision, 'the group is full (group.max.size)');
    decision.effects.push({
      type: 'joinReply',
      to: event.to,
      response: joinError('', ErrorCode.GROUP_MAX_SIZE_REACHED),
    });
    return endJoinPhaseIfAllJoined(group, decision);
  }
  if (!supportsProtocols(group, event.protocolType, event.protocols)) {
    return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  if (event.memberId === '') return joinAsNew(group, event, decision);
  if (group.pendingMembers.has(event.memberId)) {
    if (event.groupInstanceId !== null) return refuse(ErrorCode.UNKNOWN_MEMBER_ID); // such ids go to dynamic members only
    return addAndRebalance(group, event, event.memberId, decision);
  }
  const errorCode = checkMember(group, event.memberId, event.groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return refuse(errorCode);
  joinAgain(group, group.members.get(event.memberId) as ClassicMember, event, decision);
}

/** While the group rebalances, only members that have joined again count: the others may never come back. */
function hasRoom(group: ClassicGroup, memberId: string, maxSize: number): boolean {
  const member = group.members.get(memberId);
  if (group.state === 'Empty') return true;
  if (group.state === 'PreparingRebalance') {
    return (member !== undefined && member.joining !== null) || joiningCount(group) < maxSize;
  }
  return member !== undefined || group.members.size < maxSize;
}

function joinAsNew(group: ClassicGroup, event: JoinEvent, decision: ClassicDecision): void {
  const memberId = event.newMemberId;
  if (event.groupInstanceId !== null) {
    const current = group.staticMembers.get(event.groupInstanceId);
    if (current === undefined) return addAndRebalance(group, event, memberId, decision);
    return joinAsStaticAgain(group, current, event, decision);
  }
  if (!event.requireKnownMemberId) return addAndRebalance(group, event, memberId, decision);
  group.pendingMembers.set(memberId, event.connectionId);
  decision.effects.push(
    { type: 'startTimer', timer: 'session', memberId, afterMs: event.sessionTimeoutMs },
    { type: 'joinReply', to: event.to, response: joinError(memberId, ErrorCode.MEMBER_ID_REQUIRED) },
  );
}

function addAndRebalance(group: ClassicGroup, event: JoinEvent, memberId: string, decision: ClassicDecision): void {
  const member: ClassicMember = {
    memberId,
    groupInstanceId: event.groupInstanceId,
    clientId: event.clientId,
    clientHost: event.clientHost,
    connectionId: event.connectionId,
    rebalanceTimeoutMs: event.rebalanceTimeoutMs,
    sessionTimeoutMs: event.sessionTimeoutMs,
    protocols: event.protocols,
    assignment: NO_BYTES,
    joining: event.to,
    syncing: null,
    isNew: true,
  };
  if (group.members.size === 0) group.protocolType = event.protocolType;
  if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true;
  addMember(group, member);
  startSession(member, decision, NEW_MEMBER_TIMEOUT_MS);
  rebalance(group, decision, `member ${memberId} joined${clientReason(event)}`);
}

function joinAgain(group: ClassicGroup, member: ClassicMember, event: JoinEvent, decision: ClassicDecision): void {
  const unchanged = sameProtocols(member.protocols, event.protocols);
  const leads = group.leader === member.memberId;
  if (group.state === 'Empty') {
    decision.effects.push({
      type: 'joinReply',
      to: event.to,
      response: joinError(member.memberId, ErrorCode.UNKNOWN_MEMBER_ID),
    });
    return;
  }
  if (unchanged && (group.state === 'CompletingRebalance' || (group.state === 'Stable' && !leads))) {
    // The member lost the first answer, or asks again: nothing has changed for the others.
    member.connectionId = event.connectionId;
    decision.effects.push({ type: 'joinReply', to: event.to, response: joinResponse(group, member.memberId, leads) });
    return;
  }
  updateMember(member, event, decision);
  // The leader of a stable group joins again to have topics assigned that are new or have grown.
  const what = unchanged ? 'joined again' : 'changed its metadata';
  rebalance(group, decision, `member ${member.memberId} ${what}${clientReason(event)}`);
}
