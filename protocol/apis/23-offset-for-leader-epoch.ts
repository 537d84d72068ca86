import { api, array, int16, int32, int53, string } from '../schema.ts';

/** Says where a leader epoch ended, so that logs and positions that went astray can be cut back (KIP-101, KIP-320). */
export const OffsetForLeaderEpoch = api(23, 'OffsetForLeaderEpoch', {
  versions: '2-4',
  flexible: '4+',
  request: {
    /** -2 from consumers. */
    replicaId: int32.versions('3+').default(-2),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.default(-1),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: int32.default(-1),
        /** The first offset behind the epoch, -1 where it is unknown. */
        endOffset: int53.default(-1),
      }),
    }),
  },
});
