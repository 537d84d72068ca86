/** What DescribeQuorum answers about any topic: there is one quorum, that of the metadata log (KIP-595). */
import type { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';

type Request = RequestOf<typeof DescribeQuorum>;
type Response = ResponseDraft<typeof DescribeQuorum>;
type Partition = Response['topics'][number]['partitions'][number];

export const METADATA_TOPIC = '__cluster_metadata';

/** The metadata log's one partition, and where its voters listen. */
export interface Quorum {
  readonly partition: Pick<Partition, 'leaderId' | 'leaderEpoch' | 'highWatermark' | 'currentVoters' | 'observers'>;
  readonly nodes: Response['nodes'];
}

/** `quorum` is asked for where the request is about the metadata log, and about nothing else. */
export function quorumAnswer(request: Request, quorum: () => Quorum): Response {
  const [topic] = request.topics;
  const isMetadata =
    request.topics.length === 1 &&
    topic.topicName === METADATA_TOPIC &&
    topic.partitions.length === 1 &&
    topic.partitions[0].partitionIndex === 0;
  if (!isMetadata) return unknown(request);
  const { partition, nodes } = quorum();
  const told = { partitionIndex: 0, errorCode: ErrorCode.NONE, errorMessage: '', ...partition };
  return { errorCode: ErrorCode.NONE, topics: [{ topicName: METADATA_TOPIC, partitions: [told] }], nodes };
}

function unknown({ topics }: Request): Response {
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
