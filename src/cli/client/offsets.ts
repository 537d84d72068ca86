/** Where partitions begin, end, and stood at some time: asked of their leaders, all at once. */
import { ListOffsets } from '../../../protocol/apis/02-list-offsets.ts';
import type { Cluster, TopicMetadata } from './cluster.ts';
import { Refused } from './failure.ts';

/** Timestamps with a meaning of their own. */
export const END = -1;
export const BEGINNING = -2;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** As requests want them: each topic once, with all that concerns it. */
export function byTopic<T extends TopicPartition>(of: readonly T[]): [string, T[]][] {
  const topics = new Map<string, T[]>();
  for (const each of of) topics.set(each.topic, [...(topics.get(each.topic) ?? []), each]);
  return [...topics];
}

/**
 * Offsets by `nameOf`. A time (milliseconds since 1970) finds the first record at or after it; -1 where there is none.
 * With `committed`, the end is the last stable offset.
 */
export async function listOffsets(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
  timestampOf: (at: TopicPartition) => number | undefined,
  committed = false,
): Promise<Map<string, number>> {
  const byLeader = new Map<number, Map<string, { partitionIndex: number; timestamp: number }[]>>();
  for (const { name: topic, partitions } of topics) {
    for (const { partitionIndex, leaderId, errorCode } of partitions) {
      const timestamp = timestampOf({ topic: topic!, partition: partitionIndex });
      if (timestamp === undefined) continue;
      if (leaderId < 0) throw new Refused(`partition ${topic}/${partitionIndex}`, errorCode || 5);
      const asked = byLeader.get(leaderId) ?? new Map<string, { partitionIndex: number; timestamp: number }[]>();
      byLeader.set(leaderId, asked);
      asked.set(topic!, [...(asked.get(topic!) ?? []), { partitionIndex, timestamp }]);
    }
  }
  const offsets = new Map<string, number>();
  const ask = async ([leader, asked]: [number, Map<string, { partitionIndex: number; timestamp: number }[]>]) => {
    const answer = await cluster.sendTo(leader, ListOffsets, {
      replicaId: -1,
      isolationLevel: committed ? 1 : 0,
      topics: [...asked].map(([name, partitions]) => ({ name, partitions })),
      timeoutMs: cluster.timeoutMs,
    });
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        if (errorCode !== 0) throw new Refused(`partition ${name}/${partitionIndex}`, errorCode);
        offsets.set(nameOf({ topic: name, partition: partitionIndex }), offset);
      }
    }
  };
  await Promise.all([...byLeader].map(ask));
  return offsets;
}
