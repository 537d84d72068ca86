/** Describes topics sorted by name, a page of partitions at a time (KIP-966). */
import { DescribeTopicPartitions } from '../../protocol/apis/75-describe-topic-partitions.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { ClusterImage } from '../cluster/image.ts';
import { isInternalTopic, topicNameFault } from '../cluster/topic-name.ts';
import { TOPIC_OPERATIONS } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { flatMapInPieces, mapInPieces, setInPieces, sortInPieces, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { PartitionViews } from './topic-view.ts';

/** Topics that do not exist are told of without end. */
const TOPICS_A_PIECE = 16;

type Request = RequestOf<typeof DescribeTopicPartitions>;
type Response = ResponseDraft<typeof DescribeTopicPartitions>;
type Topic = Response['topics'][number];

export const describeTopicPartitions = handler(DescribeTopicPartitions, {
  *handle(request, { session }, broker: Parts<'config' | 'metadata' | 'partitions'>) {
    const { image } = broker.metadata;
    const { cursor, responsePartitionLimit } = request;
    const names = yield* namesFrom(request, image);
    // A cursor must name a topic of the request. Without topics in the request, its topic may have been deleted since.
    const isAstray = cursor !== null && request.topics.length > 0 && names[0] !== cursor.topicName;
    if (isAstray || (cursor !== null && cursor.partitionIndex < 0)) return refuse(request, ErrorCode.INVALID_REQUEST);

    const views = new PartitionViews(image, session.listenerName, broker.partitions);
    const topics: Topic[] = [];
    let left = Math.max(1, Math.min(responsePartitionLimit, broker.config['max.request.partition.size.limit']));
    for (const name of names) {
      if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } };
      const first = cursor?.topicName === name ? cursor.partitionIndex : 0;
      const topic = yield* describe(name, image, views, first, left);
      topics.push(topic);
      if (topics.length % TOPICS_A_PIECE === 0) yield;
      left -= topic.partitions.length;
      const next = first + topic.partitions.length;
      const count = image.topicsByName.get(name)?.partitions.length ?? 0;
      if (next < count) return { topics, nextCursor: { topicName: name, partitionIndex: next } };
    }
    return { topics, nextCursor: null };
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

function* describe(
  name: string,
  image: ClusterImage,
  views: PartitionViews,
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
      eligibleLeaderReplicas: partition.elr,
      lastKnownElr: partition.lastKnownElr,
    })),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}
