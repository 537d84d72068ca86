/**
 * Moving partitions to other brokers (KIP-455). A move begins with new replicas beside the old ones, and is over when the new ones
 * are in sync (partition-change.ts); until then it can be cancelled.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ServerConfig } from '../config/server.ts';
import { flatMapInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import type { ClusterImage, PartitionImage, TopicImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { changeOfPartition, type PartitionChange } from './partition-change.ts';
import { isUncleanAllowed, rulesOf } from './partition-rules.ts';
import { assignmentFault, newDirectory } from './placement.ts';

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

/** What moves are decided by. */
export interface Moves {
  readonly image: ClusterImage;
  readonly config: ServerConfig;
}

export function* alterReassignments(
  reassignments: readonly Reassignment[],
  mayChangeFactor: boolean,
  moves: Moves,
): Pieces<{ results: ReassignmentResult[]; records: MetadataDraft[] }> {
  const { image } = moves;
  const records: MetadataDraft[] = [];
  const alter = (name: string, partitionId: number, replicas: readonly number[] | null): Outcome => {
    const topic = image.topicsByName.get(name);
    const partition = topic?.partitions[partitionId];
    if (topic === undefined || partition === undefined) {
      const errorMessage =
        topic === undefined ? `There is no topic ${name}` : `${name} has no partition ${partitionId}`;
      return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage };
    }
    const fault =
      replicas === null
        ? cancelFault(topic, partition, moves)
        : (replicasFault(replicas, partition, mayChangeFactor, image) ??
          supersedeFault(replicas, topic, partition, moves));
    if (fault !== null) return fault;
    const change = replicas === null ? cancelled(topic, partition, moves) : moved(topic, partition, replicas, moves);
    if (change !== null) records.push({ type: 'PartitionChangeRecord', topicId: topic.id, partitionId, ...change });
    return DONE;
  };
  const results = yield* mapInPieces(reassignments, function* ({ name, partitions }) {
    const altered = yield* mapInPieces(partitions, ({ partitionIndex, replicas }) => ({
      partitionIndex,
      ...alter(name, partitionIndex, replicas),
    }));
    return { name, partitions: altered };
  });
  return { results, records };
}

function isMoving({ addingReplicas, removingReplicas }: PartitionImage): boolean {
  return addingReplicas.length + removingReplicas.length > 0;
}

/** The replicas as they were before a move that is under way. */
function settled({ replicas, addingReplicas }: PartitionImage): number[] {
  return replicas.filter((id) => !addingReplicas.includes(id));
}

function cancelFault(topic: TopicImage, partition: PartitionImage, { image, config }: Moves): Outcome | null {
  if (!isMoving(partition)) return { errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null };
  const stay = settled(partition);
  if (partition.isr.some((id) => stay.includes(id)) || isUncleanAllowed(topic, image, config)) return null;
  const errorMessage = `The move of ${topic.name} cannot be cancelled: it would require an unclean leader election`;
  return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
}

/** A move that takes the place of one under way takes away what that has added: nobody else may have all that is committed. */
function supersedeFault(
  wanted: readonly number[],
  topic: TopicImage,
  partition: PartitionImage,
  { image, config }: Moves,
): Outcome | null {
  const stay = [...wanted, ...settled(partition)];
  const { isr, elr } = partition;
  const whole = isr.length > 0 ? isr : elr;
  if (whole.length === 0 || whole.some((id) => stay.includes(id)) || isUncleanAllowed(topic, image, config))
    return null;
  const errorMessage =
    `${topic.name} cannot be moved to ${wanted.join(', ')} now: all its records are only at replicas that the move under way ` +
    'has added, and none of them would stay';
  return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
}

function cancelled(topic: TopicImage, partition: PartitionImage, { image, config }: Moves): PartitionChange | null {
  const replicas = settled(partition);
  const inSync = partition.isr.filter((id) => replicas.includes(id));
  const isr = inSync.length > 0 ? inSync : replicas.slice(0, 1);
  const target = { replicas, isr, addingReplicas: [], removingReplicas: [] };
  return changeOfPartition(partition, target, rulesOf(topic, image, config));
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
  topic: TopicImage,
  partition: PartitionImage,
  wanted: readonly number[],
  { image, config }: Moves,
): PartitionChange | null {
  const before = settled(partition);
  const removingReplicas = before.filter((id) => !wanted.includes(id));
  const addingReplicas = wanted.filter((id) => !before.includes(id));
  const replicas = [...wanted, ...removingReplicas];
  const isr = partition.isr.filter((id) => replicas.includes(id));
  const directories = new Map(addingReplicas.map((id) => [id, newDirectory(image, id)]));
  const target = { replicas, isr, addingReplicas, removingReplicas, directories };
  const rules = rulesOf(topic, image, config, { election: 'online' });
  return changeOfPartition(partition, target, rules);
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
export function* reassignmentsUnderWay(
  asked: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null,
  image: ClusterImage,
): Pieces<Moving[]> {
  const wanted =
    asked ??
    (yield* mapInPieces(image.topicsByName.values(), ({ name, partitions }) => ({
      name,
      partitionIndexes: [...partitions.keys()],
    })));
  return yield* flatMapInPieces(wanted, function* ({ name, partitionIndexes }) {
    const partitions = yield* flatMapInPieces(partitionIndexes, (partitionIndex) => {
      const partition = image.topicsByName.get(name)?.partitions[partitionIndex];
      if (partition === undefined) return [];
      if (!isMoving(partition)) return [];
      const { replicas, addingReplicas, removingReplicas } = partition;
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }];
    });
    return partitions.length === 0 ? [] : [{ name, partitions }];
  });
}
