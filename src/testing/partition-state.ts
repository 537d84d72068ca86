/** Who has a partition, who leads it, and how far each of them has come. */
import type { TopicPartition } from './group.ts';
import type { Nodes } from './nodes.ts';

export interface ReplicaState {
  readonly nodeId: number;
  /** The offset that its next record will have; null where the broker does not run. */
  readonly endOffset: number | null;
}

export interface PartitionState extends TopicPartition {
  /** A node id; -1 where none leads it. */
  readonly leader: number;
  /** Grows with every election. */
  readonly leaderEpoch: number;
  /** Offsets below are committed: all in-sync replicas have them. -1 where none leads it. */
  readonly highWatermark: number;
  /** Node ids of the in-sync replicas, as the cluster has them. */
  readonly isr: readonly number[];
  /** In their order: the first is the preferred leader. */
  readonly replicas: readonly ReplicaState[];
}

/** @throws {Error} where there is no such partition */
export function partitionState(nodes: Nodes, topic: string, partition: number): PartitionState {
  const found = nodes.image.topicsByName.get(topic)?.partitions[partition];
  if (found === undefined) throw new Error(`there is no partition ${topic}[${partition}]`);
  const { leader, leaderEpoch, isr, replicas } = found;
  const at = (nodeId: number) => nodes.get(nodeId)?.parts.partitions.get(topic, partition);
  return {
    topic,
    partition,
    leader,
    leaderEpoch,
    highWatermark: at(leader)?.highWatermark ?? -1,
    isr: [...isr],
    replicas: replicas.map((nodeId) => ({ nodeId, endOffset: at(nodeId)?.endOffset ?? null })),
  };
}
