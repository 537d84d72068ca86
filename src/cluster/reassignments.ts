/**
 * Moving partitions to other brokers (KIP-455). Nodes of one process share their logs: a move is over as soon as it is
 * decided, there is never one to cancel, and the list of those under way is what other brokers' records say.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { ClusterImage, PartitionImage, TopicImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { assignmentFault } from './placement.ts';

export interface Reassignment {
  readonly name: string;
  /** `replicas` null cancels. */
  readonly partitions: readonly { readonly partitionIndex: number; readonly replicas: readonly number[] | null }[];
}

interface Outcome {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface ReassignmentResult {
  readonly name: string;
  readonly partitions: readonly (Outcome & { readonly partitionIndex: number })[];
}

const DONE: Outcome = { errorCode: ErrorCode.NONE, errorMessage: null };

export function alterReassignments(
  reassignments: readonly Reassignment[],
  mayChangeFactor: boolean,
  image: ClusterImage,
): { results: ReassignmentResult[]; records: MetadataDraft[] } {
  const records: MetadataDraft[] = [];
  const alter = (name: string, partitionId: number, replicas: readonly number[] | null): Outcome => {
    const topic = image.topicsByName.get(name);
    const partition = topic?.partitions[partitionId];
    if (topic === undefined || partition === undefined) {
      const errorMessage =
        topic === undefined ? `There is no topic ${name}` : `${name} has no partition ${partitionId}`;
      return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage };
    }
    if (replicas === null) return { errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null };
    const fault = replicasFault(replicas, partition, mayChangeFactor, image);
    if (fault !== null) return fault;
    if (replicas.join() !== partition.replicas.join()) records.push(moved(topic, partitionId, partition, replicas));
    return DONE;
  };
  const results = reassignments.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => ({
      partitionIndex,
      ...alter(name, partitionIndex, replicas),
    })),
  }));
  return { results, records };
}

function replicasFault(
  replicas: readonly number[],
  partition: PartitionImage,
  mayChangeFactor: boolean,
  image: ClusterImage,
): Outcome | null {
  const errorMessage = assignmentFault(image, replicas);
  if (errorMessage !== null) return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
  if (mayChangeFactor || replicas.length === partition.replicas.length) return null;
  return {
    errorCode: ErrorCode.INVALID_REPLICATION_FACTOR,
    errorMessage: `The partition has ${partition.replicas.length} replicas, and its factor may not change (KIP-860)`,
  };
}

function moved(
  { id }: TopicImage,
  partitionId: number,
  { leader, isr }: PartitionImage,
  replicas: readonly number[],
): MetadataDraft {
  return {
    type: 'PartitionChangeRecord',
    topicId: id,
    partitionId,
    replicas: [...replicas],
    isr: isr.length === replicas.length && isr.every((each) => replicas.includes(each)) ? null : [...replicas],
    directories: replicas.map(() => ZERO_UUID),
    ...(replicas.includes(leader) ? {} : { leader: replicas[0] }),
  };
}

export interface Moving {
  readonly name: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly replicas: readonly number[];
    readonly addingReplicas: readonly number[];
    readonly removingReplicas: readonly number[];
  }[];
}

/** Those that are being moved, of the topics asked for or (null) of all. */
export function reassignmentsUnderWay(
  asked: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null,
  image: ClusterImage,
): Moving[] {
  const wanted =
    asked ??
    [...image.topicsByName.values()].map(({ name, partitions }) => ({
      name,
      partitionIndexes: [...partitions.keys()],
    }));
  return wanted.flatMap(({ name, partitionIndexes }) => {
    const partitions = partitionIndexes.flatMap((partitionIndex) => {
      const partition = image.topicsByName.get(name)?.partitions[partitionIndex];
      if (partition === undefined) return [];
      const { replicas, addingReplicas, removingReplicas } = partition;
      if (addingReplicas.length + removingReplicas.length === 0) return [];
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }];
    });
    return partitions.length === 0 ? [] : [{ name, partitions }];
  });
}
