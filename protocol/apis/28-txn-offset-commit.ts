import { api, array, int16, int32, int53, string } from '../schema.ts';

/** Commits a group's offsets as part of a transaction. */
export const TxnOffsetCommit = api(28, 'TxnOffsetCommit', {
  // v2 leader epochs; v3 flexible, fences by the group's generation (KIP-447); v4 TRANSACTION_ABORTABLE; v5 adds the
  // offsets by itself (KIP-890)
  versions: '0-5',
  flexible: '3+',
  request: {
    transactionalId: string,
    groupId: string,
    producerId: int53,
    producerEpoch: int16,
    generationId: int32.versions('3+').default(-1),
    memberId: string.versions('3+').default(''),
    groupInstanceId: string.versions('3+').nullable().default(null),
    topics: array({
      name: string,
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
      name: string,
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
});
