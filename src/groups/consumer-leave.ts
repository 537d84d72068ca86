/** How members go from a consumer group: they leave, are silent for too long, or are taken out. */
import { ErrorCode } from '../../protocol/errors.ts';
import { forget, forgetRegex } from './consumer-forget.ts';
import { downgrade, mayDowngrade } from './consumer-migration.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './consumer-request.ts';
import { LEAVE_STATIC_EPOCH } from './consumer-request.ts';
import type { ConsumerGroup, ConsumerMember } from './consumer-state.ts';
import { OWNS_NOTHING } from './consumer-state.ts';
import { checkInstance, unknownMember } from './consumer-subscribe.ts';
import { metadataHashOf, namesOf } from './consumer-topics.ts';
import type { ConsumerTurn, Refusal } from './consumer-turn.ts';

export function leave(
  group: ConsumerGroup,
  { memberId, memberEpoch, instanceId }: ConsumerHeartbeat,
  turn: ConsumerTurn,
): ConsumerHeartbeatResponse | Refusal {
  const id = instanceId === null ? memberId : group.staticMembers.get(instanceId);
  const member = id === undefined ? undefined : group.members.get(id);
  if (member === undefined) return unknownMember(memberId);
  const fenced = checkInstance(member, memberId);
  if (fenced !== null) return fenced;
  if (memberEpoch === LEAVE_STATIC_EPOCH) leaveForAWhile(group, member, turn);
  else removeMembers(group, [member], `member ${memberId} left`, turn);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

/** It keeps its place until its session ends; what it was giving up is free. */
function leaveForAWhile(group: ConsumerGroup, member: ConsumerMember, turn: ConsumerTurn): void {
  const { memberId } = member;
  turn.records.push({
    type: 'consumerCurrent',
    groupId: group.groupId,
    memberId,
    value: { ...member, memberEpoch: LEAVE_STATIC_EPOCH, partitionsPendingRevocation: OWNS_NOTHING },
  });
  turn.timers.push({ name: 'rebalance', memberId, afterMs: null });
}

/** Takes members out; the rest is assigned anew. Or only members of the classic protocol are left, and it is theirs. */
export function removeMembers(
  group: ConsumerGroup,
  gone: readonly ConsumerMember[],
  why: string,
  turn: ConsumerTurn,
): void {
  if (gone.length === 0) return;
  turn.removed = why;
  if (mayDowngrade(group, gone, turn.limits)) return downgrade(group, gone, turn);
  const { groupId } = group;
  for (const { memberId } of gone) forget(groupId, memberId, turn);
  const left = [...group.members.values()].filter((member) => !gone.includes(member));
  const used = new Set(left.map((member) => member.subscribedTopicRegex));
  for (const regex of new Set(gone.map((member) => member.subscribedTopicRegex))) {
    if (regex !== '' && !used.has(regex)) forgetRegex(groupId, regex, turn);
  }
  const metadataHash = metadataHashOf(namesOf(left, group.regexes), turn.topics);
  turn.records.push({ type: 'consumerEpoch', groupId, value: { epoch: group.groupEpoch + 1, metadataHash } });
}
