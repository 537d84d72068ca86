/** How a record changes a share group: the only way its durable state changes, live as after a restart. */
import type { Group } from '../group.ts';
import { NO_PARTITIONS } from '../modern/assignment.ts';
import type { ShareRecord } from './records.ts';
import type { ShareGroup, ShareMember } from './state.ts';
import { isShareGroup, newShareGroup, newShareMember, NO_STATE } from './state.ts';

/** A tombstone may outlive what it ended: it says nothing of a group of another kind. */
export function replayShareRecord(groups: Map<string, Group>, record: ShareRecord): void {
  const { groupId } = record;
  let group = groups.get(groupId);
  if (!isShareGroup(group)) {
    if (record.value === null) return;
    groups.set(groupId, (group = newShareGroup(groupId)));
  }
  replayShare(group as ShareGroup, record);
  if (record.type === 'shareEpoch' && record.value === null) groups.delete(groupId);
}

function replayShare(group: ShareGroup, record: ShareRecord): void {
  switch (record.type) {
    case 'shareEpoch':
      if (record.value === null) return;
      group.groupEpoch = record.value.epoch;
      group.metadataHash = record.value.metadataHash;
      return;
    case 'shareTargetEpoch':
      // Without a target assignment every member is at the first epoch.
      group.assignmentEpoch = record.value?.assignmentEpoch ?? 1;
      group.assignmentTimestamp = record.value?.assignmentTimestamp ?? 0;
      return;
    case 'shareTarget':
      if (record.value === null) group.targets.delete(record.memberId);
      else group.targets.set(record.memberId, record.value);
      return;
    case 'shareState':
      group.state = record.value ?? NO_STATE;
      group.seenState = false;
      return;
    case 'shareMember':
      group.readTopics = null;
      if (record.value === null) removeMember(group, record.memberId);
      else setMember(group, { ...memberOf(group, record.memberId), ...record.value });
      return;
    case 'shareCurrent': {
      const current = record.value ?? { memberEpoch: 0, previousMemberEpoch: -1, assignedPartitions: NO_PARTITIONS };
      // The tombstone of the member itself follows; until then it owns nothing.
      if (record.value === null && !group.members.has(record.memberId)) return;
      setMember(group, { ...memberOf(group, record.memberId), ...current });
    }
  }
}

function memberOf(group: ShareGroup, memberId: string): ShareMember {
  return group.members.get(memberId) ?? newShareMember(memberId);
}

function setMember(group: ShareGroup, member: ShareMember): void {
  group.members.set(member.memberId, member);
}

function removeMember(group: ShareGroup, memberId: string): void {
  group.members.delete(memberId);
  group.connections.delete(memberId);
}
