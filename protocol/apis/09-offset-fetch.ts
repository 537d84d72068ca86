import { api, array, bool, int16, int32, int53, string, uuid, ZERO_UUID } from '../schema.ts';

/** Says how far groups have read. */
export const OffsetFetch = api(9, 'OffsetFetch', {
  // v2 all topics of a group; v5 leader epochs (KIP-320); v6 flexible; v7 requireStable (KIP-447); v8 many groups
  // (KIP-709); v9 member epochs (KIP-848); v10 topic ids
  versions: '1-10',
  flexible: '6+',
  request: {
    groupId: string.versions('0-7').default(''),
    /** null: all that the group has committed. */
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .versions('0-7')
      .nullable('2-7')
      .default([]),
    groups: array({
      groupId: string,
      memberId: string.versions('9+').nullable().default(null),
      memberEpoch: int32.versions('9+').default(-1),
      /** null: all that the group has committed. */
      topics: array({
        name: string.versions('8-9').default(''),
        topicId: uuid.versions('10+').default(ZERO_UUID),
        partitionIndexes: array(int32),
      }).nullable(),
    })
      .versions('8+')
      .default([]),
    /** Answers UNSTABLE_OFFSET_COMMIT while a transaction holds offsets back (KIP-447). */
    requireStable: bool.versions('7+').default(false),
  },
  response: {
    throttleTimeMs: int32.versions('3+').default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int53,
        committedLeaderEpoch: int32.versions('5+').default(-1),
        metadata: string.nullable(),
        errorCode: int16,
      }),
    })
      .versions('0-7')
      .default([]),
    errorCode: int16.versions('2-7').default(0),
    groups: array({
      groupId: string,
      topics: array({
        name: string.versions('8-9').default(''),
        topicId: uuid.versions('10+').default(ZERO_UUID),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int53,
          committedLeaderEpoch: int32.default(-1),
          metadata: string.nullable(),
          errorCode: int16,
        }),
      }),
      errorCode: int16.default(0),
    })
      .versions('8+')
      .default([]),
  },
});
