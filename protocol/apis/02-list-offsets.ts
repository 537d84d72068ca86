import { api, array, int16, int32, int53, int8, string } from '../schema.ts';

/** Finds the offset of a partition's start, end, or first record at or after a timestamp. */
export const ListOffsets = api(2, 'ListOffsets', {
  // v2 isolation (KIP-98); v4 leader epochs (KIP-320); v6 flexible; v7 max timestamp (KIP-734); v8 local start
  // (KIP-405); v9 last tiered (KIP-1005); v10 asynchronous remote look-up (KIP-1075); v11 earliest pending upload
  // (KIP-1023)
  versions: '1-11',
  flexible: '6+',
  request: {
    replicaId: int32,
    /** With 1 (read committed) the end is the last stable offset. */
    isolationLevel: int8.versions('2+').default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: int32.versions('4+').default(-1),
        /**
         * Milliseconds, or -1 end, -2 start, -3 largest timestamp, -4 local start, -5 last tiered, -6 earliest pending
         * upload.
         */
        timestamp: int53,
      }),
    }),
    /** For look-ups in remote storage. */
    timeoutMs: int32.versions('10+').default(0),
  },
  response: {
    throttleTimeMs: int32.versions('2+').default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        /** Of the record found; -1 where none was asked for by time, or none found. */
        timestamp: int53.default(-1),
        offset: int53.default(-1),
        leaderEpoch: int32.versions('4+').default(-1),
      }),
    }),
  },
});
