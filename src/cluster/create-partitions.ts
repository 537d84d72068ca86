/** Decides what adding partitions to topics means. Pure. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { countInPieces, eachInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import {
  fail,
  MOST_PARTITIONS_PER_REQUEST,
  throttled,
  tooManyPartitions,
  type Failure,
  type TakePermits,
} from './create-topics.ts';
import type { ClusterImage, TopicImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { assignmentsFault, factorFault, newPartition, place, usableBrokers } from './placement.ts';

export type MorePartitions = RequestOf<typeof CreatePartitions>['topics'][number];

export interface PartitionsResult {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export function* createPartitions(
  topics: readonly MorePartitions[],
  image: ClusterImage,
  random: () => number,
  takePermits?: TakePermits,
): Pieces<{ results: PartitionsResult[]; records: MetadataDraft[] }> {
  const results: PartitionsResult[] = [];
  const records: MetadataDraft[] = [];
  if ((yield* addedBy(topics, image)) > MOST_PARTITIONS_PER_REQUEST) {
    return { results: yield* mapInPieces(topics, ({ name }) => ({ name, ...tooManyPartitions() })), records };
  }
  const times = yield* countInPieces(topics, ({ name }) => name);
  yield* eachInPieces(topics, (topic) => {
    const { name } = topic;
    if (times.get(name) === 0) return; // a duplicate that has been answered
    if (times.get(name)! > 1) {
      results.push({ name, ...fail(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.') });
      times.set(name, 0);
      return;
    }
    const decided = addPartitions(topic, image, random);
    if (Array.isArray(decided) && !(takePermits?.(decided.length) ?? true)) {
      results.push({ name, ...throttled() });
    } else if (Array.isArray(decided)) {
      for (const record of decided) records.push(record);
      results.push({ name, errorCode: ErrorCode.NONE, errorMessage: null });
    } else {
      results.push({ name, ...decided });
    }
  });
  return { results, records };
}

/** How many partitions the topics that exist would grow by; those of no increase are told so one by one. */
function* addedBy(topics: readonly MorePartitions[], image: ClusterImage): Pieces<number> {
  let sum = 0;
  yield* eachInPieces(topics, ({ name, count }) => {
    const topic = image.topicsByName.get(name);
    if (topic !== undefined) sum += Math.max(0, count - topic.partitions.length);
  });
  return sum;
}

type Refusal = Omit<PartitionsResult, 'name'>;

function addPartitions(request: MorePartitions, image: ClusterImage, random: () => number): MetadataDraft[] | Refusal {
  const topic = image.topicsByName.get(request.name);
  if (topic === undefined) {
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null };
  }
  const has = topic.partitions.length;
  if (request.count === has) {
    return fail(ErrorCode.INVALID_PARTITIONS, `Topic already has ${has} partition(s).`);
  }
  if (request.count < has) {
    return fail(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${topic.name} currently has ${has} partition(s); ${request.count} would not be an increase.`,
    );
  }
  const replicas =
    request.assignments === null
      ? placed(topic, image, request.count - has, random)
      : assigned(
          topic,
          image,
          request.count - has,
          request.assignments.map(({ brokerIds }) => brokerIds),
        );
  if (!Array.isArray(replicas)) return replicas;
  if (replicas.length > MOST_PARTITIONS_PER_REQUEST) return tooManyPartitions();
  return replicas.map((of, i) => newPartition(topic.id, has + i, of, image));
}

function placed(topic: TopicImage, image: ClusterImage, count: number, random: () => number): number[][] | Failure {
  const brokers = usableBrokers(image);
  const factor = topic.partitions[0].replicas.length;
  const fault = factorFault(factor, brokers);
  if (fault !== null) return fail(ErrorCode.INVALID_REPLICATION_FACTOR, fault);
  return place(brokers, count, factor, random);
}

function assigned(topic: TopicImage, image: ClusterImage, count: number, replicas: number[][]): number[][] | Failure {
  if (replicas.length !== count) {
    return fail(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${count} additional partition(s), but only ${replicas.length} assignment(s) were specified.`,
    );
  }
  const factor = topic.partitions[0].replicas.length;
  const fault = assignmentsFault(image, replicas, factor, topic.partitions.length);
  return fault === null ? replicas : fail(ErrorCode.INVALID_REPLICA_ASSIGNMENT, fault);
}
