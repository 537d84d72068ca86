/** On which brokers the replicas of new partitions go. */
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { BrokerImage, ClusterImage } from './image.ts';
import type { DraftOf } from './metadata-records.ts';

/** Kafka's "somewhere on that broker": a partition's directory there is the broker's to choose. */
const UNASSIGNED_DIRECTORY = ZERO_UUID;

/** Round robin over the brokers from `start`, the next replica on the next broker. */
export function place(brokers: readonly number[], partitions: number, factor: number, start: number): number[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: factor }, (_replica, replica) => brokers[(start + partition + replica) % brokers.length]),
  );
}

export function usableBrokers(image: ClusterImage): BrokerImage[] {
  return [...image.brokers.values()].filter(({ fenced }) => !fenced).sort((a, b) => a.id - b.id);
}

export function newPartition(
  topicId: string,
  partitionId: number,
  replicas: number[],
  image: ClusterImage,
): DraftOf<'PartitionRecord'> {
  return {
    type: 'PartitionRecord',
    topicId,
    partitionId,
    replicas,
    isr: replicas,
    removingReplicas: [],
    addingReplicas: [],
    leader: replicas[0],
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: replicas.map((id) => onlyDirectory(image.brokers.get(id))),
  };
}

/** A broker with several log directories chooses one, and has it noted (directory-assignment.ts). */
function onlyDirectory(broker: BrokerImage | undefined): string {
  return broker?.logDirectoryIds.length === 1 ? broker.logDirectoryIds[0] : UNASSIGNED_DIRECTORY;
}

/** Why replicas given by hand, `factor` of them for each partition, cannot be used, or null. */
export function assignmentsFault(
  image: ClusterImage,
  assignments: readonly (readonly number[])[],
  factor: number,
): string | null {
  for (const replicas of assignments) {
    const fault = assignmentFault(image, replicas);
    if (fault !== null) return fault;
    if (replicas.length !== factor) {
      return (
        `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not ` +
        `consistent with previous partitions, which have ${factor} replica(s).`
      );
    }
  }
  return null;
}

/** Why these replicas of one partition cannot be, or null. */
export function assignmentFault(image: ClusterImage, replicas: readonly number[]): string | null {
  if (replicas.length === 0) return 'The manual partition assignment includes an empty replica list.';
  for (const [i, broker] of replicas.entries()) {
    if (!image.brokers.has(broker)) {
      return `The manual partition assignment includes broker ${broker}, but no such broker is registered.`;
    }
    if (replicas.indexOf(broker) !== i)
      return `The manual partition assignment includes the broker ${broker} more than once.`;
  }
  return null;
}

/** Why a factor cannot be had with these brokers, or null. */
export function factorFault(factor: number, brokers: readonly BrokerImage[]): string | null {
  if (factor <= brokers.length) return null;
  return (
    `Unable to replicate the partition ${factor} time(s): The target replication factor of ${factor} cannot be ` +
    `reached because only ${brokers.length} broker(s) are registered.`
  );
}
