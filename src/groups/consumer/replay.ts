/** How a record changes a consumer group: the only way its durable state changes, live as after a restart. */
import type { Group } from '../group.ts';
import type { ConsumerRecord } from './records.ts';
import type { ConsumerGroup, ConsumerMember, OwnedPartitions } from './state.ts';
import { isConsumerGroup, MemberState, newConsumerGroup, newConsumerMember, OWNS_NOTHING } from './state.ts';

/** A tombstone may outlive what it ended: it says nothing of a group of another kind. */
export function replayConsumerRecord(groups: Map<string, Group>, record: ConsumerRecord): void {
  const { groupId } = record;
  let group = groups.get(groupId);
  if (!isConsumerGroup(group)) {
    if (record.value === null) return;
    groups.set(groupId, (group = newConsumerGroup(groupId)));
  }
  replayConsumer(group as ConsumerGroup, record);
  if (record.type === 'consumerEpoch' && record.value === null) groups.delete(groupId);
}

/** The tombstone of the epoch, which ends the group, changes nothing in it: replayConsumerRecord takes the group out. */
export function replayConsumer(group: ConsumerGroup, record: ConsumerRecord): void {
  switch (record.type) {
    case 'consumerEpoch':
      if (record.value === null) return;
      group.groupEpoch = record.value.epoch;
      group.metadataHash = record.value.metadataHash;
      return;
    case 'consumerTargetEpoch':
      // Without a target assignment every member is at the first epoch.
      group.assignmentEpoch = record.value?.assignmentEpoch ?? 1;
      group.assignmentTimestamp = record.value?.assignmentTimestamp ?? 0;
      return;
    case 'consumerTarget':
      if (record.value === null) group.targets.delete(record.memberId);
      else group.targets.set(record.memberId, record.value);
      return;
    case 'consumerRegex':
      group.readTopics = null;
      if (record.value === null) group.regexes.delete(record.regularExpression);
      else group.regexes.set(record.regularExpression, record.value);
      return;
    case 'consumerMember':
      if (record.value === null) return removeMember(group, record.memberId);
      return setMember(group, { ...memberOf(group, record.memberId), ...record.value });
    case 'consumerCurrent': {
      const member = memberOf(group, record.memberId);
      if (record.value !== null) return setMember(group, { ...member, ...record.value });
      // The tombstone of the member itself follows; until then it owns nothing.
      if (!group.members.has(record.memberId)) return;
      setMember(group, {
        ...member,
        memberEpoch: 0,
        previousMemberEpoch: -1,
        state: MemberState.STABLE,
        assignedPartitions: OWNS_NOTHING,
        partitionsPendingRevocation: OWNS_NOTHING,
      });
    }
  }
}

function memberOf(group: ConsumerGroup, memberId: string): ConsumerMember {
  return group.members.get(memberId) ?? newConsumerMember(memberId);
}

function setMember(group: ConsumerGroup, member: ConsumerMember): void {
  const before = group.members.get(member.memberId);
  group.members.set(member.memberId, member);
  if (
    before?.subscribedTopicNames !== member.subscribedTopicNames ||
    before.subscribedTopicRegex !== member.subscribedTopicRegex
  )
    group.readTopics = null;
  if (before !== undefined && before.instanceId !== member.instanceId) freeInstance(group, before);
  if (member.instanceId !== null) group.staticMembers.set(member.instanceId, member.memberId);
  if (before?.assignedPartitions !== member.assignedPartitions) {
    if (before !== undefined) release(group, member.memberId, before.assignedPartitions);
  }
  if (before?.partitionsPendingRevocation !== member.partitionsPendingRevocation) {
    if (before !== undefined) release(group, member.memberId, before.partitionsPendingRevocation);
  }
  // After both releases: a partition may have gone from the one list to the other.
  if (
    before?.assignedPartitions === member.assignedPartitions &&
    before.partitionsPendingRevocation === member.partitionsPendingRevocation
  )
    return;
  take(group, member.memberId, member.assignedPartitions);
  take(group, member.memberId, member.partitionsPendingRevocation);
}

function removeMember(group: ConsumerGroup, memberId: string): void {
  const member = group.members.get(memberId);
  group.connections.delete(memberId);
  if (member === undefined) return;
  group.members.delete(memberId);
  group.readTopics = null;
  freeInstance(group, member);
  release(group, memberId, member.assignedPartitions);
  release(group, memberId, member.partitionsPendingRevocation);
}

/** Frees the instance id, unless another member has it by now. */
function freeInstance(group: ConsumerGroup, { instanceId, memberId }: ConsumerMember): void {
  if (instanceId !== null && group.staticMembers.get(instanceId) === memberId) group.staticMembers.delete(instanceId);
}

function take(group: ConsumerGroup, memberId: string, owned: OwnedPartitions): void {
  for (const [topicId, partitions] of owned) {
    let owners = group.owners.get(topicId);
    if (owners === undefined) group.owners.set(topicId, (owners = new Map()));
    for (const partition of partitions.keys()) owners.set(partition, memberId);
  }
}

/** Frees the partitions that no other member owns by now. */
function release(group: ConsumerGroup, memberId: string, owned: OwnedPartitions): void {
  for (const [topicId, partitions] of owned) {
    const owners = group.owners.get(topicId);
    if (owners === undefined) continue;
    for (const partition of partitions.keys()) if (owners.get(partition) === memberId) owners.delete(partition);
    if (owners.size === 0) group.owners.delete(topicId);
  }
}
