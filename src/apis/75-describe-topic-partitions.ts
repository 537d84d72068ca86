/** Describes topics sorted by name, a page of partitions at a time (KIP-966). */
import { DescribeTopicPartitions } from '../../protocol/apis/75-describe-topic-partitions.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { isInternalTopic, topicNameFault } from '../cluster/topic-name.ts';
import { topicOperations } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { flatMapInPieces, mapInPieces, setInPieces, sortInPieces, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { PartitionViews } from './topic-view.ts';
import type { Access } from '../security/access.ts';
import { describe, quietly } from '../security/needs.ts';

/** Topics that do not exist are told of without end. */
const TOPICS_A_PIECE = 16;

type Request = RequestOf<typeof DescribeTopicPartitions>;
type Response = ResponseDraft<typeof DescribeTopicPartitions>;
type Topic = Response['topics'][number];

export const describeTopicPartitions = handler(DescribeTopicPartitions, {
  byHand: [describe.topic('topics[].name, or each topic')],
  *handle(request, { session, access }, broker: Parts<'config' | 'metadata' | 'partitions'>) {
    const { image } = broker.metadata;
    const { cursor, responsePartitionLimit } = request;
    const { names, refused } = yield* visible(yield* namesFrom(request, image), request, access);
    // A cursor must name a topic of the request. Without topics in the request, its topic may have been deleted since.
    const isAstray = cursor !== null && request.topics.length > 0 && names[0] !== cursor.topicName;
    if (isAstray || (cursor !== null && cursor.partitionIndex < 0)) return refuse(request, ErrorCode.INVALID_REQUEST);

    const views = new PartitionViews(image, session.listenerName, broker.partitions);
    const topics: Topic[] = [];
    let left = Math.max(1, Math.min(responsePartitionLimit, broker.config['max.request.partition.size.limit']));
    for (const name of names) {
      if (left === 0) return { topics: topics.concat(refused), nextCursor: { topicName: name, partitionIndex: 0 } };
      const first = cursor?.topicName === name ? cursor.partitionIndex : 0;
      const topic = yield* view(name, image, views, access, first, left);
      topics.push(topic);
      if (topics.length % TOPICS_A_PIECE === 0) yield;
      left -= topic.partitions.length;
      const next = first + topic.partitions.length;
      const count = image.topicsByName.get(name)?.partitions.length ?? 0;
      if (next < count)
        return { topics: topics.concat(refused), nextCursor: { topicName: name, partitionIndex: next } };
    }
    return { topics: topics.concat(refused), nextCursor: null };
  },
  refuse,
});

function refuse({ topics }: Request, errorCode: number): Response {
  return { topics: topics.map(({ name }) => ({ errorCode, name, topicId: ZERO_UUID, partitions: [] })) };
}

/** The topics to describe, sorted, without duplicates and without those before the cursor. */
function* namesFrom({ topics, cursor }: Request, image: ClusterImage): Pieces<string[]> {
  const all = topics.length === 0 ? image.topicsByName.keys() : yield* setInPieces(topics, ({ name }) => name);
  const names = yield* flatMapInPieces(all, (name) => (cursor === null || name >= cursor.topicName ? [name] : []));
  return yield* sortInPieces(names, (a, b) => (a < b ? -1 : 1));
}

/** Topics that the client may not describe are told behind the others where it names them. */
function* visible(
  names: readonly string[],
  { topics }: Request,
  access: Access | null,
): Pieces<{ readonly names: readonly string[]; readonly refused: readonly Topic[] }> {
  if (access === null) return { names, refused: [] };
  const refused: Topic[] = [];
  const seen = yield* flatMapInPieces(names, (name) => {
    const needed = topics.length === 0 ? quietly(describe.topic(name)) : describe.topic(name);
    const errorCode = access.errorOf(needed, DescribeTopicPartitions.name);
    if (errorCode === ErrorCode.NONE) return [name];
    if (topics.length > 0) refused.push({ errorCode, name, topicId: ZERO_UUID, isInternal: false, partitions: [] });
    return [];
  });
  return { names: seen, refused };
}

function* view(
  name: string,
  image: ClusterImage,
  views: PartitionViews,
  access: Access | null,
  first: number,
  most: number,
): Pieces<Topic> {
  const topic = image.topicsByName.get(name);
  const wanted = (topic?.partitions ?? []).slice(first, first + most);
  const missing =
    topicNameFault(name) === null ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
  return {
    errorCode: topic === undefined ? missing : ErrorCode.NONE,
    name,
    topicId: topic?.id ?? ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: yield* mapInPieces(wanted, (partition, index) => ({
      ...views.of(topic!.id, partition, first + index),
      errorCode: ErrorCode.NONE, // Kafka tells of a missing leader by its id alone here, and in Metadata by an error
      eligibleLeaderReplicas: partition.elr,
      lastKnownElr: partition.lastKnownElr,
    })),
    topicAuthorizedOperations: topicOperations(access, name),
  };
}
