/** Which member a request speaks for: one that is new, one that is known, or a static one that takes its place back. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { TopicPartitions } from '../modern/assignment.ts';
import { unknownMember } from '../modern/refusal.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import type { ConsumerGroup, ConsumerMember, OwnedPartitions } from './state.ts';
import { MemberState, newConsumerMember, OWNS_NOTHING } from './state.ts';

export interface Joined {
  readonly member: ConsumerMember;
  /** The static member in whose place it comes, under another member id. */
  readonly replaced: ConsumerMember | null;
}

export interface Speaker {
  readonly memberId: string;
  /** Null for a member of the classic protocol, whose generation has been checked. */
  readonly memberEpoch: number | null;
  readonly instanceId: string | null;
  readonly joins: boolean;
  /** What it says it has; null where it does not say. */
  readonly owned: readonly TopicPartitions[] | null;
}

const LEFT_TEMPORARILY = -2;

/** Null, or why there is no room for one more. */
export function checkRoom(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
  maxSize: number,
): GroupRefusal | null {
  if (group.members.has(memberId) || group.members.size < maxSize) return null;
  // A static member comes in its own place.
  if (instanceId !== null && group.staticMembers.has(instanceId)) return null;
  const errorMessage = `The group has ${maxSize} members, as many as it may: see group.consumer.max.size.`;
  return { errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED, errorMessage };
}

export function subscribe(group: ConsumerGroup, speaker: Speaker): Joined | GroupRefusal {
  return speaker.instanceId === null
    ? subscribeDynamic(group, speaker)
    : subscribeStatic(group, speaker, speaker.instanceId);
}

function subscribeDynamic(group: ConsumerGroup, speaker: Speaker): Joined | GroupRefusal {
  const member = group.members.get(speaker.memberId);
  if (member === undefined) {
    if (!speaker.joins) return unknownMember(speaker.memberId);
    return { member: newConsumerMember(speaker.memberId), replaced: null };
  }
  return checkEpoch(member, speaker) ?? { member, replaced: null };
}

function subscribeStatic(group: ConsumerGroup, speaker: Speaker, instanceId: string): Joined | GroupRefusal {
  const { memberId } = speaker;
  const held = group.staticMembers.get(instanceId);
  const existing = held === undefined ? undefined : group.members.get(held);
  if (existing === undefined) {
    if (!speaker.joins) return unknownMember(memberId);
    return { member: group.members.get(memberId) ?? newConsumerMember(memberId), replaced: null };
  }
  if (!speaker.joins) {
    const refusal = checkInstance(existing, memberId) ?? checkEpoch(existing, speaker);
    return refusal ?? { member: existing, replaced: null };
  }
  // A member of the classic protocol takes over at once, as it does in a classic group.
  if (speaker.memberEpoch !== null && existing.memberEpoch !== LEFT_TEMPORARILY) {
    const errorMessage = `Instance ${instanceId} is still in use by member ${existing.memberId}.`;
    return { errorCode: ErrorCode.UNRELEASED_INSTANCE_ID, errorMessage };
  }
  const member: ConsumerMember = {
    ...existing,
    memberId,
    memberEpoch: 0,
    previousMemberEpoch: existing.memberEpoch,
    state: MemberState.STABLE,
    partitionsPendingRevocation: OWNS_NOTHING,
  };
  return { member, replaced: existing.memberId === memberId ? null : existing };
}

/** Null, or why this is not the member that has the instance id now. */
export function checkInstance(existing: ConsumerMember, memberId: string): GroupRefusal | null {
  if (existing.memberId === memberId) return null;
  const errorMessage = `Member '${memberId}' lost instance ${existing.instanceId} to another member.`;
  return { errorCode: ErrorCode.FENCED_INSTANCE_ID, errorMessage };
}

/** A member that is one epoch behind, and owns no more than its assignment, has not received its last answer. */
function checkEpoch(member: ConsumerMember, { memberEpoch, joins, owned }: Speaker): GroupRefusal | null {
  if (memberEpoch === null || joins || memberEpoch === member.memberEpoch) return null;
  const behind = memberEpoch < member.memberEpoch && memberEpoch === member.previousMemberEpoch;
  if (behind && owned !== null && isWithin(owned, member.assignedPartitions)) return null;
  const errorMessage = `The member is in epoch ${member.memberEpoch}, not ${memberEpoch}: give up all partitions and join again.`;
  return { errorCode: ErrorCode.FENCED_MEMBER_EPOCH, errorMessage };
}

function isWithin(owned: readonly TopicPartitions[], assigned: OwnedPartitions): boolean {
  return owned.every(({ topicId, partitions }) => {
    const known = assigned.get(topicId);
    return known !== undefined && partitions.every((partition) => known.has(partition));
  });
}
