/** What goes from a partition of __consumer_offsets: offsets past their time, those of deleted topics, all of a group. Pure. */
import { ZERO_UUID } from '../../../protocol/schema.ts';
import type { TopicPartition } from '../../coordination/topic-partition.ts';
import type { Group } from '../group.ts';
import type { GroupPartition } from '../group-partition.ts';
import type { GroupRules } from '../group-rules.ts';
import type { CommittedOffset } from './group-offsets.ts';
import type { OffsetRecord } from './records.ts';

/** A topic that is no more; another one may have its name by now. */
export interface DeletedTopic {
  readonly name: string;
  readonly id: string;
}

/**
 * The offsets that are past their time (KIP-211), but for those an open transaction may still change: one by one, for a group
 * may have committed very many.
 */
export function* expiredOffsets(
  partition: GroupPartition,
  group: Group,
  rules: GroupRules,
  nowMs: number,
  retentionMs: number,
): Generator<TopicPartition | null> {
  const { groupId } = group;
  const since = rules.expiryBase(group);
  if (since === null) return;
  for (const [topic, partitions] of partition.offsetsOf(groupId).topics) {
    if (rules.isInUse(group, topic)) continue;
    for (const [index, committed] of partitions) {
      const isDue =
        committed.expireTimestamp >= 0 ? nowMs >= committed.expireTimestamp : nowMs - since(committed) >= retentionMs;
      yield isDue && !partition.pending.has(groupId, topic, index) ? { topic, partition: index } : null;
    }
  }
}

/** Neither members nor offsets. */
export function isUnused(partition: GroupPartition, group: Group, rules: GroupRules): boolean {
  const { groupId } = group;
  const isOver = rules.expires(group) && rules.isEmpty(group);
  return isOver && partition.offsetsOf(groupId).isEmpty && !partition.pending.hasGroup(groupId);
}

/** Of all topics; of offsets that open transactions are about to commit, too. */
export function allTombstones(partition: GroupPartition, groupId: string): OffsetRecord[] {
  const offsets = partition.offsetsOf(groupId);
  const pending = partition.pending.list(groupId);
  return [
    ...Array.from(offsets.topics, ([topic, partitions]) =>
      Array.from(partitions.keys(), (index) => tombstone(groupId, topic, index)),
    ).flat(),
    ...pending
      .filter(({ topic, partition: index }) => offsets.get(topic, index) === undefined)
      .map(({ topic, partition: index }) => tombstone(groupId, topic, index)),
  ];
}

/** The same of topics that are no more, by name. An offset that was committed for a new topic of the same name stays. */
export function deletedTopicTombstones(
  partition: GroupPartition,
  groupId: string,
  deleted: ReadonlyMap<string, DeletedTopic>,
): OffsetRecord[] {
  const records: OffsetRecord[] = [];
  const offsets = partition.offsetsOf(groupId);
  const isGone = (topic: string, { topicId }: CommittedOffset): boolean => {
    const id = deleted.get(topic)?.id;
    return id !== undefined && (topicId === id || topicId === ZERO_UUID);
  };
  // Many groups have few topics, and many topics may be deleted at once, or a few topics and groups of many.
  const names = deleted.size < offsets.topics.size ? deleted.keys() : offsets.topics.keys();
  for (const topic of names) {
    for (const [index, committed] of offsets.topics.get(topic) ?? []) {
      if (isGone(topic, committed)) records.push(tombstone(groupId, topic, index));
    }
  }
  for (const { topic, partition: index, committed } of partition.pending.list(groupId)) {
    const isPendingOnly = offsets.get(topic, index) === undefined;
    if (isPendingOnly && isGone(topic, committed)) records.push(tombstone(groupId, topic, index));
  }
  return records;
}

function tombstone(groupId: string, topic: string, partition: number): OffsetRecord {
  return { type: 'offset', groupId, topic, partition, committed: null };
}
