import { api, array, int16, int32, int53, string, uuid, ZERO_UUID } from '../schema.ts';

/** Commits a group's offsets as part of a transaction. */
export const TxnOffsetCommit = api(28, 'TxnOffsetCommit', {
  // v2 leader epochs; v3 flexible, fences by the group's generation (KIP-447); v4 TRANSACTION_ABORTABLE; v5 adds the
  // offsets by itself (KIP-890); v6 topic ids in place of names (KIP-1319)
  versions: '0-6',
  flexible: '3+',
  request: {
    transactionalId: string,
    groupId: string,
    producerId: int53,
    producerEpoch: int16,
    generationIdOrMemberEpoch: int32.versions('3+').default(-1),
    memberId: string.versions('3+').default(''),
    groupInstanceId: string.versions('3+').nullable().default(null),
    topics: array({
      name: string.versions('0-5').default(''),
      topicId: uuid.versions('6+').default(ZERO_UUID),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int53,
        committedLeaderEpoch: int32.versions('2+').default(-1),
        committedMetadata: string.nullable(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string.versions('0-5').default(''),
      topicId: uuid.versions('6+').default(ZERO_UUID),
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
});
