/** Which member a request speaks for: one that is new, one that is known, or a static one that takes its place back. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { unknownMember } from '../modern/refusal.ts';
import type { StreamsHeartbeat } from './request.ts';
import { JOIN_EPOCH } from './request.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { LEAVE_STATIC_EPOCH, MemberState, newStreamsMember } from './state.ts';
import { listsOnly, OWNS_NO_TASKS } from './tasks.ts';

export interface Joined {
  readonly member: StreamsMember;
  /** The static member in whose place it comes, under another member id. */
  readonly replaced: StreamsMember | null;
}

export function subscribe(group: StreamsGroup, request: StreamsHeartbeat, maxSize: number): Joined | GroupRefusal {
  const { memberId, memberEpoch, instanceId } = request;
  const joins = memberEpoch === JOIN_EPOCH;
  const held = instanceId === null ? undefined : group.staticMembers.get(instanceId);
  const isStatic = held !== undefined;
  if (joins && !isStatic && !group.members.has(memberId) && group.members.size >= maxSize) {
    const errorMessage = `The streams group has reached its maximum capacity of ${maxSize} members.`;
    return { errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED, errorMessage };
  }
  if (isStatic) return subscribeStatic(group.members.get(held)!, request);
  const member = group.members.get(memberId);
  // Of an instance that nobody has, only a member that joins can speak.
  if ((member === undefined || instanceId !== null) && !joins) return unknownMember(instanceId ?? memberId);
  if (member === undefined) return { member: newStreamsMember(memberId), replaced: null };
  return checkEpoch(member, request) ?? { member, replaced: null };
}

function subscribeStatic(existing: StreamsMember, request: StreamsHeartbeat): Joined | GroupRefusal {
  const { memberId, memberEpoch, instanceId } = request;
  if (memberEpoch !== JOIN_EPOCH) {
    const refusal = checkInstance(existing, memberId) ?? checkEpoch(existing, request);
    return refusal ?? { member: existing, replaced: null };
  }
  if (existing.memberEpoch !== LEAVE_STATIC_EPOCH && existing.memberId !== memberId) {
    const errorMessage = `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${existing.memberId} member.`;
    return { errorCode: ErrorCode.UNRELEASED_INSTANCE_ID, errorMessage };
  }
  const member: StreamsMember = {
    ...existing,
    memberId,
    memberEpoch: JOIN_EPOCH,
    previousMemberEpoch: existing.memberEpoch,
    state: MemberState.STABLE,
    pendingRevocation: OWNS_NO_TASKS,
  };
  return { member, replaced: existing.memberId === memberId ? null : existing };
}

/** Null, or why this is not the member that has the instance id now. */
export function checkInstance(existing: StreamsMember, memberId: string): GroupRefusal | null {
  if (existing.memberId === memberId) return null;
  const errorMessage = `Static member ${memberId} with instance id ${existing.instanceId} was fenced by member ${existing.memberId}.`;
  return { errorCode: ErrorCode.FENCED_INSTANCE_ID, errorMessage };
}

/** A member that is one epoch behind, and has no more than it was given, has not received its last answer. */
function checkEpoch(member: StreamsMember, request: StreamsHeartbeat): GroupRefusal | null {
  const { memberEpoch } = request;
  if (memberEpoch === JOIN_EPOCH || memberEpoch === member.memberEpoch) return null;
  if (memberEpoch === member.previousMemberEpoch && memberEpoch < member.memberEpoch && hasNoMore(member, request)) {
    return null;
  }
  const word = memberEpoch > member.memberEpoch ? 'greater' : 'smaller';
  const errorMessage = `The streams group member has a ${word} member epoch (${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`;
  return { errorCode: ErrorCode.FENCED_MEMBER_EPOCH, errorMessage };
}

function hasNoMore({ assigned }: StreamsMember, { activeTasks, standbyTasks, warmupTasks }: StreamsHeartbeat): boolean {
  if (activeTasks === null || standbyTasks === null || warmupTasks === null) return false;
  return (
    listsOnly(activeTasks, assigned.active) &&
    listsOnly(standbyTasks, assigned.standby) &&
    listsOnly(warmupTasks, assigned.warmup)
  );
}
