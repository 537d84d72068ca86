import { api, array, bool, int16, int32, int53, int8, string } from '../schema.ts';

/** Has the leaders of a transaction's partitions write its commit or abort markers; sent by coordinators. */
export const WriteTxnMarkers = api(27, 'WriteTxnMarkers', {
  versions: '1-2', // v1 flexible; v2 transaction version (KIP-1228)
  flexible: '1+',
  request: {
    markers: array({
      producerId: int53,
      producerEpoch: int16,
      /** true commits, false aborts. */
      transactionResult: bool,
      topics: array({ name: string, partitionIndexes: array(int32) }),
      coordinatorEpoch: int32,
      transactionVersion: int8.versions('2+').default(0),
    }),
  },
  response: {
    markers: array({
      producerId: int53,
      topics: array({
        name: string,
        partitions: array({ partitionIndex: int32, errorCode: int16 }),
      }),
    }),
  },
});
