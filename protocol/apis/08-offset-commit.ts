import { api, array, int16, int32, int53, string, uuid, ZERO_UUID } from '../schema.ts';

/** Stores how far a group has read; also with no group protocol at all, by generation -1. */
export const OffsetCommit = api(8, 'OffsetCommit', {
  // v5 no retention time; v6 leader epochs (KIP-320); v7 static members (KIP-345); v8 flexible; v9 member epochs
  // (KIP-848); v10 topic ids
  versions: '2-10',
  flexible: '8+',
  request: {
    groupId: string,
    /** -1 from consumers that assign partitions themselves. */
    generationIdOrMemberEpoch: int32.default(-1),
    memberId: string,
    groupInstanceId: string.versions('7+').nullable().default(null),
    /** -1: as the broker is configured. */
    retentionTimeMs: int53.versions('2-4').default(-1),
    topics: array({
      name: string.versions('0-9').default(''),
      topicId: uuid.versions('10+').default(ZERO_UUID),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int53,
        committedLeaderEpoch: int32.versions('6+').default(-1),
        committedMetadata: string.nullable(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.versions('3+').default(0),
    topics: array({
      name: string.versions('0-9').default(''),
      topicId: uuid.versions('10+').default(ZERO_UUID),
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
});
