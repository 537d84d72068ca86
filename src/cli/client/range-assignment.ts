/** Divides topics among the members of a group as Java's RangeAssignor does, so that both may share a group. */
import type { TopicPartition } from './offsets.ts';

export interface Subscriber {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/** Members in the order of their ids get neighbouring partitions of each topic; the first ones one more. */
export function assignRanges(
  subscribers: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const assigned = new Map<string, TopicPartition[]>(subscribers.map(({ memberId }) => [memberId, []]));
  for (const [topic, count] of [...partitionCounts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const members = subscribers
      .filter(({ topics }) => topics.includes(topic))
      .map(({ memberId }) => memberId)
      .toSorted();
    const [each, more] = [Math.floor(count / members.length), count % members.length];
    let partition = 0;
    for (const [index, memberId] of members.entries()) {
      const end = partition + each + (index < more ? 1 : 0);
      while (partition < end) assigned.get(memberId)!.push({ topic, partition: partition++ });
    }
  }
  return assigned;
}
