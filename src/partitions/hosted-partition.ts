/** The partition that a request names, and what the client is told where this broker is not the one to ask. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Partition } from './partition.ts';
import type { Topic } from './topic-registry.ts';

/** Where this broker has a replica; else whether there is such a partition, with its leader elsewhere. */
export function hostedPartition(topic: Topic | undefined, index: number): Partition | number {
  const partition = topic?.partitions[index];
  if (partition !== undefined) return partition;
  const exists = topic !== undefined && index >= 0 && index < topic.count;
  return exists ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

/** The same where this broker leads it, for requests that say nothing of a leader epoch (see checkLeaderEpoch). */
export function ledPartition(topic: Topic | undefined, index: number): Partition | number {
  const partition = hostedPartition(topic, index);
  return typeof partition === 'number' || partition.isLeader ? partition : ErrorCode.NOT_LEADER_OR_FOLLOWER;
}
