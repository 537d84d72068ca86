import { api, array, int16, int32, int8, string } from '../schema.ts';

/** Has partitions led by their preferred replica, or at the price of records by any that lives. */
export const ElectLeaders = api(43, 'ElectLeaders', {
  versions: '0-2', // v1 unclean elections (KIP-460); v2 flexible
  flexible: '2+',
  request: {
    /** 0 preferred, 1 unclean. */
    electionType: int8.versions('1+').default(0),
    /** null: all. */
    topicPartitions: array({ topic: string, partitions: array(int32) }).nullable(),
    timeoutMs: int32.default(60000),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.versions('1+').default(0),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: string.nullable(),
      }),
    }),
  },
});
