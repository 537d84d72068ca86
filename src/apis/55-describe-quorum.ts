/** Shows the quorum of the metadata log: this broker is its only voter and leader (KIP-595). */
import { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID, type RequestOf, type ResponseDraft } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

type Broker = Parts<'nodeId' | 'metadata' | 'clock'>;

/** The leader epoch in the batches of the metadata log: there has been no election. */
const LEADER_EPOCH = 1;

export const describeQuorum = handler(DescribeQuorum, {
  forwarded: true,
  handle: (request, _context, broker: Broker) => {
    const [topic] = request.topics;
    const isMetadata =
      request.topics.length === 1 &&
      topic.topicName === '__cluster_metadata' &&
      topic.partitions.length === 1 &&
      topic.partitions[0].partitionIndex === 0;
    return isMetadata ? metadataQuorum(topic.topicName, broker) : unknown(request);
  },
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode), topics: [] }),
});

function metadataQuorum(topicName: string, { nodeId, metadata, clock }: Broker): ResponseDraft<typeof DescribeQuorum> {
  const { image } = metadata;
  const broker = image.brokers.get(nodeId);
  const logEndOffset = image.revision + 1;
  const now = clock.now();
  const voter = {
    replicaId: nodeId,
    replicaDirectoryId: broker?.logDirectoryIds[0] ?? ZERO_UUID,
    logEndOffset,
    lastFetchTimestamp: now,
    lastCaughtUpTimestamp: now,
  };
  const partition = {
    partitionIndex: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: '',
    leaderId: nodeId,
    leaderEpoch: LEADER_EPOCH,
    highWatermark: logEndOffset,
    currentVoters: [voter],
    observers: [],
  };
  return {
    errorCode: ErrorCode.NONE,
    topics: [{ topicName, partitions: [partition] }],
    nodes: [{ nodeId, listeners: broker?.listeners ?? [] }],
  };
}

function unknown({ topics }: RequestOf<typeof DescribeQuorum>): ResponseDraft<typeof DescribeQuorum> {
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return {
    errorCode: ErrorCode.NONE,
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode,
        errorMessage: errorMessage(errorCode),
        leaderId: 0,
        leaderEpoch: 0,
        highWatermark: 0,
        currentVoters: [],
        observers: [],
      })),
    })),
  };
}
