/** How members go from a consumer group: they leave, are silent for too long, or are taken out. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { consumerRecords } from './records.ts';
import { noteDeparture } from '../modern/decision.ts';
import { epochWithout } from '../modern/epochs.ts';
import { unknownMember } from '../modern/refusal.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { addMemberTombstones, addRegexTombstone } from './tombstones.ts';
import { downgrade, mayDowngrade } from './migration.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './request.ts';
import { LEAVE_STATIC_EPOCH } from './request.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { OWNS_NOTHING } from './state.ts';
import { checkInstance } from './subscribe.ts';
import { namesOf } from './topics.ts';
import type { ConsumerDecision } from './decision.ts';

export function leave(
  group: ConsumerGroup,
  { memberId, memberEpoch, instanceId }: ConsumerHeartbeat,
  decision: ConsumerDecision,
): ConsumerHeartbeatResponse | GroupRefusal {
  const id = instanceId === null ? memberId : group.staticMembers.get(instanceId);
  const member = id === undefined ? undefined : group.members.get(id);
  if (member === undefined) return unknownMember(memberId);
  const fenced = checkInstance(member, memberId);
  if (fenced !== null) return fenced;
  if (memberEpoch === LEAVE_STATIC_EPOCH) leaveTemporarily(group, member, decision);
  else removeMembers(group, [member], 'it left the group', decision);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

/** The static member keeps its place until its session ends; the partitions it was revoking are free. */
function leaveTemporarily(group: ConsumerGroup, member: ConsumerMember, decision: ConsumerDecision): void {
  const { memberId } = member;
  decision.records.push({
    type: 'consumerCurrent',
    groupId: group.groupId,
    memberId,
    value: { ...member, memberEpoch: LEAVE_STATIC_EPOCH, partitionsPendingRevocation: OWNS_NOTHING },
  });
  decision.timers.push({ name: 'rebalance', memberId, afterMs: null });
}

/** Takes members out, and has the others assigned anew; where only members of the classic protocol are left, downgrades the group. */
export function removeMembers(
  group: ConsumerGroup,
  gone: readonly ConsumerMember[],
  why: string,
  decision: ConsumerDecision,
): void {
  if (gone.length === 0) return;
  noteDeparture(decision, gone, why);
  if (mayDowngrade(group, gone, decision.limits)) return downgrade(group, gone, decision);
  const { groupId } = group;
  for (const { memberId } of gone) addMemberTombstones(groupId, memberId, decision);
  const goneMembers = new Set(gone);
  const left = [...group.members.values()].filter((member) => !goneMembers.has(member));
  const used = new Set(left.map((member) => member.subscribedTopicRegex));
  for (const regex of new Set(gone.map((member) => member.subscribedTopicRegex))) {
    if (regex !== '' && !used.has(regex)) addRegexTombstone(groupId, regex, decision);
  }
  epochWithout(group, left, namesOf(left, group.regexes), consumerRecords, decision);
}
