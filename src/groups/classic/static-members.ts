/** Static members (KIP-345): an instance that restarts takes its place back under a new member id. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClassicGroup, ClassicMember, Stored, ClassicDecision } from './state.ts';
import { answerJoin, answerSync, groupMetadata, joinError, joinResponse, startSession, syncError } from './state.ts';
import type { JoinEvent } from './join-event.ts';
import { clientReason, updateMember } from './join-event.ts';
import { selectProtocol } from './protocol-vote.ts';
import { rebalance } from './rebalance.ts';

/** The group is not rebalanced where it is stable and would choose the same protocol. */
export function joinAsStaticAgain(
  group: ClassicGroup,
  oldMemberId: string,
  event: JoinEvent,
  decision: ClassicDecision,
): void {
  const before = group.members.get(oldMemberId) as ClassicMember;
  const leaderBefore = group.leader;
  const member: ClassicMember = { ...before, memberId: event.newMemberId, joining: null, syncing: null, isNew: false };
  replace(group, before, member, decision);
  updateMember(member, event, decision);
  startSession(member, decision);
  if (group.state !== 'Stable' || group.protocolName !== selectProtocol(group)) {
    // In CompletingRebalance too: the leader's assignment would name the old member id.
    return rebalance(group, decision, `static member ${event.groupInstanceId} joined again${clientReason(event)}`);
  }
  const leads = group.leader === member.memberId;
  const response = joinResponse(group, member.memberId, leads && event.supportSkippingAssignment);
  if (event.supportSkippingAssignment) response.skipAssignment = leads;
  // Before v9 the member must not take itself for the leader: no member waits for an assignment by it.
  else response.leader = leaderBefore ?? '';
  member.joining = null;
  decision.effects.push({
    type: 'append',
    metadata: groupMetadata(group),
    onceStored: { what: 'staticMember', memberId: member.memberId, before, to: event.to, response },
  });
}

/** The record with the new member id is written; where it was refused the old member takes its place back. */
export function staticMemberStored(
  group: ClassicGroup,
  stored: Extract<Stored, { what: 'staticMember' }>,
  errorCode: number,
  decision: ClassicDecision,
): void {
  if (errorCode === ErrorCode.NONE) {
    decision.effects.push({ type: 'joinReply', to: stored.to, response: stored.response });
    return;
  }
  decision.effects.push({ type: 'joinReply', to: stored.to, response: joinError('', errorCode) });
  const member = group.members.get(stored.memberId);
  if (member === undefined) return;
  replace(group, member, { ...stored.before, joining: null, syncing: null }, decision);
  startSession(stored.before, decision);
}

/** A request that still waits under the old member id is of a second process with the same instance id: it is fenced. */
function replace(group: ClassicGroup, old: ClassicMember, member: ClassicMember, decision: ClassicDecision): void {
  answerJoin(old, joinError(old.memberId, ErrorCode.FENCED_INSTANCE_ID), decision);
  answerSync(old, syncError(ErrorCode.FENCED_INSTANCE_ID), decision);
  decision.effects.push({ type: 'cancelTimer', timer: 'session', memberId: old.memberId });
  const leads = group.leader === old.memberId;
  const others = [...group.members.values()];
  // The members keep their order: the leader sees them in it.
  group.members.clear();
  for (const other of others) {
    const next = other === old ? member : other;
    group.members.set(next.memberId, next);
  }
  group.staticMembers.set(member.groupInstanceId as string, member.memberId);
  if (leads) group.leader = member.memberId;
  if (group.pendingSync.delete(old.memberId)) group.pendingSync.add(member.memberId);
}
