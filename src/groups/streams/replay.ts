/** How a record changes a streams group: the only way its durable state changes, live as after a restart. */
import type { Group } from '../group.ts';
import type { StreamsRecord } from './records.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { isStreamsGroup, NEW_ASSIGNMENT, newStreamsGroup, newStreamsMember } from './state.ts';

/** A tombstone may outlive what it ended: it says nothing of a group of another kind. */
export function replayStreamsRecord(groups: Map<string, Group>, record: StreamsRecord): void {
  const { groupId } = record;
  let group = groups.get(groupId);
  if (!isStreamsGroup(group)) {
    if (record.value === null) return;
    groups.set(groupId, (group = newStreamsGroup(groupId)));
  }
  replay(group as StreamsGroup, record);
  if (record.type === 'streamsEpoch' && record.value === null) groups.delete(groupId);
}

function replay(group: StreamsGroup, record: StreamsRecord): void {
  switch (record.type) {
    case 'streamsEpoch':
      if (record.value === null) return;
      group.groupEpoch = record.value.epoch;
      group.metadataHash = record.value.metadataHash;
      group.validatedTopologyEpoch = record.value.validatedTopologyEpoch;
      group.lastAssignmentConfigs = record.value.lastAssignmentConfigs;
      return;
    case 'streamsTopology':
      group.topology = record.value;
      group.configured = null;
      group.readTopics = null;
      return;
    case 'streamsTargetEpoch':
      // Without a target assignment every member is at the first epoch.
      group.assignmentEpoch = record.value?.assignmentEpoch ?? 1;
      group.assignmentTimestamp = record.value?.assignmentTimestamp ?? 0;
      return;
    case 'streamsTarget':
      if (record.value === null) group.targets.delete(record.memberId);
      else group.targets.set(record.memberId, record.value);
      return;
    case 'streamsMember':
      if (record.value === null) removeMember(group, record.memberId);
      else setMember(group, { ...memberOf(group, record.memberId), ...record.value });
      return;
    case 'streamsCurrent':
      // The tombstone of the member itself follows; until then it has nothing.
      if (record.value === null && !group.members.has(record.memberId)) return;
      setMember(group, { ...memberOf(group, record.memberId), ...(record.value ?? NEW_ASSIGNMENT) });
  }
}

function memberOf(group: StreamsGroup, memberId: string): StreamsMember {
  return group.members.get(memberId) ?? newStreamsMember(memberId);
}

function setMember(group: StreamsGroup, member: StreamsMember): void {
  group.members.set(member.memberId, member);
  if (member.instanceId !== null) group.staticMembers.set(member.instanceId, member.memberId);
}

function removeMember(group: StreamsGroup, memberId: string): void {
  const instanceId = group.members.get(memberId)?.instanceId ?? null;
  if (instanceId !== null && group.staticMembers.get(instanceId) === memberId) group.staticMembers.delete(instanceId);
  group.members.delete(memberId);
  group.connections.delete(memberId);
  if (group.members.size === 0) group.shutdownMemberId = null;
}
