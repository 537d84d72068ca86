import { api, array, bool, int16, int32, string, struct, uuid } from '../schema.ts';

/** Describes topics page by page (KIP-966). */
export const DescribeTopicPartitions = api(75, 'DescribeTopicPartitions', {
  versions: '0',
  flexible: '0+',
  request: {
    topics: array({ name: string }),
    responsePartitionLimit: int32.default(2000),
    /** Where the last page ended; null: from the start. */
    cursor: struct({ topicName: string, partitionIndex: int32 }).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      errorCode: int16,
      name: string.nullable(),
      topicId: uuid,
      isInternal: bool.default(false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.default(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: array(int32).nullable().default(null),
        lastKnownElr: array(int32).nullable().default(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.default(-2147483648),
    }),
    /** null: that was all. */
    nextCursor: struct({ topicName: string, partitionIndex: int32 }).nullable().default(null),
  },
});
