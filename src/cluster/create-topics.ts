/** Decides what creating topics means: records for those that can be, an error for those that cannot. Pure. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { MOST_SETTINGS, tooManySettings, validateTopicConfig } from '../config/alter.ts';
import type { ServerConfig } from '../config/server.ts';
import { countInPieces, eachInPieces, type Pieces } from '../platform/pieces.ts';
import { ResourceType, type ClusterImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { assignmentsFault, factorFault, newPartition, place, usableBrokers } from './placement.ts';
import { topicNameFault, type NameCollisions } from './topic-name.ts';

export type NewTopic = RequestOf<typeof CreateTopics>['topics'][number];

export interface Failure {
  readonly errorCode: number;
  readonly errorMessage: string;
}

export interface CreatedTopic {
  readonly errorCode: 0;
  readonly errorMessage: null;
  readonly topicId: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string>;
}

export type CreateResult = { readonly name: string } & (CreatedTopic | Failure);

export interface CreateContext {
  readonly image: ClusterImage;
  readonly config: ServerConfig;
  newTopicId(): string;
  readonly collisions: NameCollisions;
  /** 0 <= n < 1: where round robin begins. */
  random(): number;
  readonly takePermits?: TakePermits | undefined;
}

/** Whether the quota of who asks allows so many partitions to be changed (controller_mutation_rate, KIP-599). */
export type TakePermits = (partitions: number) => boolean;

/** What one request may create, as in Kafka: all of it is one batch of the metadata log. */
export const MOST_PARTITIONS_PER_REQUEST = 10_000;

/** One result a topic, in the order asked, with the records of those that can be created. */
export function* createTopics(
  topics: readonly NewTopic[],
  context: CreateContext,
): Pieces<{ results: CreateResult[]; records: MetadataDraft[] }> {
  const times = yield* countInPieces(topics, ({ name }) => name);
  const isTooMuch = partitionsAsked(topics, context.config) > MOST_PARTITIONS_PER_REQUEST;

  const results: CreateResult[] = [];
  const records: MetadataDraft[] = [];
  yield* eachInPieces(topics, (topic) => {
    const { name } = topic;
    if (times.get(name) === 0) return; // a duplicate that has been answered
    if (times.get(name)! > 1) {
      results.push({ name, ...fail(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.') });
      times.set(name, 0);
      return;
    }
    if (isTooMuch) {
      results.push({ name, ...tooManyPartitions() });
      return;
    }
    const decided = withinQuota(createTopic(topic, context), context.takePermits);
    results.push({ name, ...decided.result });
    for (const record of decided.records) records.push(record);
  });
  return { results, records };
}

function partitionsAsked(topics: readonly NewTopic[], config: ServerConfig): number {
  let sum = 0;
  for (const { numPartitions, assignments } of topics) {
    sum +=
      assignments.length > 0
        ? assignments.length
        : numPartitions === -1
          ? config['num.partitions']
          : Math.max(0, numPartitions);
  }
  return sum;
}

export function tooManyPartitions(): Failure {
  return fail(
    ErrorCode.POLICY_VIOLATION,
    `Excessively large number of partitions per request: ask for at most ${MOST_PARTITIONS_PER_REQUEST} at a time.`,
  );
}

type Decision = { result: CreatedTopic | Failure; records: MetadataDraft[] };

export function throttled(): Failure {
  return fail(ErrorCode.THROTTLING_QUOTA_EXCEEDED, 'The throttling quota has been exceeded.');
}

function withinQuota(decision: Decision, takePermits: TakePermits | undefined): Decision {
  const { result } = decision;
  if (!('numPartitions' in result) || (takePermits?.(result.numPartitions) ?? true)) return decision;
  return { result: throttled(), records: [] };
}

function createTopic(topic: NewTopic, context: CreateContext): Decision {
  const { image, config } = context;
  const refuse = (errorCode: number, message: string): Decision => ({ result: fail(errorCode, message), records: [] });
  if (topic.name === '__cluster_metadata') {
    return refuse(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${topic.name} is prohibited.`);
  }
  const nameFault = topicNameFault(topic.name);
  if (nameFault !== null) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, nameFault);
  if (image.topicsByName.has(topic.name)) {
    return refuse(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${topic.name}' already exists.`);
  }
  const other = context.collisions.of(topic.name);
  if (other !== undefined) {
    return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${topic.name}' collides with existing topic: ${other}`);
  }
  if (topic.configs.length > MOST_SETTINGS) return { result: tooManySettings(topic.name), records: [] };
  const configs = new Map<string, string>();
  for (const { name, value } of topic.configs) {
    if (value === null) {
      return refuse(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${name}`);
    }
    configs.set(name, value);
  }
  const refusal = validateTopicConfig(configs, config);
  if (refusal !== undefined) return { result: refusal, records: [] };
  const replicas =
    topic.assignments.length > 0 ? assigned(topic, image) : placed(topic, image, config, () => context.random());
  if (!Array.isArray(replicas)) return { result: replicas, records: [] };

  const topicId = context.newTopicId();
  const records: MetadataDraft[] = [{ type: 'TopicRecord', name: topic.name, topicId }];
  for (const [name, value] of configs) {
    records.push({ type: 'ConfigRecord', resourceType: ResourceType.topic, resourceName: topic.name, name, value });
  }
  for (const [index, of] of replicas.entries()) records.push(newPartition(topicId, index, of, image));
  const replicationFactor = replicas[0].length;
  return {
    result: { errorCode: 0, errorMessage: null, topicId, numPartitions: replicas.length, replicationFactor, configs },
    records,
  };
}

function placed(
  topic: NewTopic,
  image: ClusterImage,
  config: ServerConfig,
  random: () => number,
): number[][] | Failure {
  const partitions = topic.numPartitions === -1 ? config['num.partitions'] : topic.numPartitions;
  const factor = topic.replicationFactor === -1 ? config['default.replication.factor'] : topic.replicationFactor;
  if (factor < 1) {
    return fail(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (partitions < 1) {
    return fail(
      ErrorCode.INVALID_PARTITIONS,
      'Number of partitions must be larger than 0, or -1 to use the default value.',
    );
  }
  const brokers = usableBrokers(image);
  const fault = factorFault(factor, brokers);
  if (fault !== null) return fail(ErrorCode.INVALID_REPLICATION_FACTOR, fault);
  return place(brokers, partitions, factor, random);
}

function assigned(topic: NewTopic, image: ClusterImage): number[][] | Failure {
  if (topic.replicationFactor !== -1) {
    return fail(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    );
  }
  if (topic.numPartitions !== -1) {
    return fail(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    );
  }
  const replicas: number[][] = [];
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (replicas[partitionIndex] !== undefined) {
      return fail(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        `Found multiple manual partition assignments for partition ${partitionIndex}`,
      );
    }
    if (partitionIndex < 0 || partitionIndex >= topic.assignments.length) {
      return fail(ErrorCode.INVALID_REPLICA_ASSIGNMENT, 'partitions should be a consecutive 0-based integer sequence');
    }
    replicas[partitionIndex] = brokerIds;
  }
  const fault = assignmentsFault(image, replicas, replicas[0].length);
  return fault === null ? replicas : fail(ErrorCode.INVALID_REPLICA_ASSIGNMENT, fault);
}

export function fail(errorCode: number, errorMessage: string): Failure {
  return { errorCode, errorMessage };
}
