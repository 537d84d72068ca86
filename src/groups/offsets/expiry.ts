/** What goes from a partition of __consumer_offsets: offsets past their time, and groups without any. Pure. */
import type { Group } from '../group.ts';
import type { GroupPartition } from '../group-partition.ts';
import { expiredOffsets } from './group-offsets.ts';
import type { GroupRecord } from '../records.ts';
import { isEmpty } from '../subscription.ts';

/** Tombstones of the offsets that are past their time, but for those an open transaction may still change. */
export function expiredRecords(at: GroupPartition, group: Group, nowMs: number, retentionMs: number): GroupRecord[] {
  const { groupId } = group;
  return expiredOffsets(group, at.offsetsOf(groupId), nowMs, retentionMs)
    .filter(({ topic, partition }) => !at.pending.has(groupId, topic, partition))
    .map((offset) => ({ type: 'offset', groupId, ...offset, committed: null }));
}

/** Neither members nor offsets. */
export function isUnused(at: GroupPartition, group: Group): boolean {
  return isEmpty(group) && at.offsetsOf(group.groupId).isEmpty && !at.pending.hasGroup(group.groupId);
}

/** Of all topics, or of those named; of offsets that open transactions are about to commit, too. */
export function offsetTombstones(at: GroupPartition, groupId: string, topics?: readonly string[]): GroupRecord[] {
  const offsets = at.offsetsOf(groupId);
  const pending = at.pending
    .list(groupId)
    .filter(({ topic, partition }) => topics?.includes(topic) !== false && !offsets.get(topic, partition));
  return [...offsets.list(topics), ...pending].map((offset) => ({
    type: 'offset',
    groupId,
    ...offset,
    committed: null,
  }));
}

export function groupTombstone(groupId: string): GroupRecord {
  return { type: 'group', groupId, metadata: null };
}
