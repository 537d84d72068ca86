/**
 * Shows who leads the metadata log of a cluster, and who reads it (KIP-595). Its voters are the controllers that are registered; one
 * that has not been heard of in this term has -1.
 */
import { DescribeQuorum } from '../../../protocol/apis/55-describe-quorum.ts';
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../../protocol/schema.ts';
import type { Follower } from '../../controllers/followers.ts';
import type { ActiveParts } from './controller-parts.ts';
import { handler } from '../handler.ts';
import { METADATA_TOPIC } from './metadata-log.ts';

type Response = ResponseDraft<typeof DescribeQuorum>;
type ReplicaState = Response['topics'][number]['partitions'][number]['currentVoters'][number];

export const describeQuorum = handler(DescribeQuorum, {
  handle: (request, _context, parts: Pick<ActiveParts, 'nodeId' | 'active' | 'clock'>) => {
    const [topic] = request.topics;
    const isMetadata =
      request.topics.length === 1 &&
      topic.topicName === METADATA_TOPIC &&
      topic.partitions.length === 1 &&
      topic.partitions[0].partitionIndex === 0;
    return isMetadata ? quorum(parts) : unknown(request);
  },
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode), topics: [] }),
});

function quorum({ nodeId, active, clock }: Pick<ActiveParts, 'nodeId' | 'active' | 'clock'>): Response {
  const { controller, epoch, store, followers } = active;
  const { controllers, brokers } = controller.image;
  const logEndOffset = store.copy.endOffset;
  const nowMs = clock.now();
  const known = new Map(followers.all().map((each) => [each.nodeId, each]));
  const voters = [...controllers.keys()].map((id): ReplicaState => {
    const follower = known.get(id);
    if (id !== nodeId && follower !== undefined) return stateOf(follower);
    const replicaDirectoryId = brokers.get(id)?.logDirectoryIds[0] ?? ZERO_UUID;
    return id === nodeId
      ? { replicaId: id, replicaDirectoryId, logEndOffset, lastFetchTimestamp: nowMs, lastCaughtUpTimestamp: nowMs }
      : { replicaId: id, replicaDirectoryId, logEndOffset: -1, lastFetchTimestamp: -1, lastCaughtUpTimestamp: -1 };
  });
  const partition = {
    partitionIndex: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: '',
    leaderId: nodeId,
    leaderEpoch: epoch,
    highWatermark: logEndOffset,
    currentVoters: voters,
    observers: [...known.values()].filter((each) => !controllers.has(each.nodeId)).map(stateOf),
  };
  return {
    errorCode: ErrorCode.NONE,
    topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }],
    nodes: [...controllers.values()].map(({ id, listeners }) => ({ nodeId: id, listeners: [...listeners] })),
  };
}

function stateOf({ nodeId, directoryId, endOffset, fetchedAtMs, caughtUpAtMs }: Follower): ReplicaState {
  return {
    replicaId: nodeId,
    replicaDirectoryId: directoryId,
    logEndOffset: endOffset,
    lastFetchTimestamp: fetchedAtMs,
    lastCaughtUpTimestamp: caughtUpAtMs,
  };
}

function unknown({ topics }: RequestOf<typeof DescribeQuorum>): Response {
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const nothing = { leaderId: 0, leaderEpoch: 0, highWatermark: 0, currentVoters: [], observers: [] };
  return {
    errorCode: ErrorCode.NONE,
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode,
        errorMessage: errorMessage(errorCode),
        ...nothing,
      })),
    })),
  };
}
