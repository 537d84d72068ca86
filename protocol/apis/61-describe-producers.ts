import { api, array, int16, int32, int53, string } from '../schema.ts';

/** Shows the producers that wrote to partitions lately, and their open transactions (KIP-664). */
export const DescribeProducers = api(61, 'DescribeProducers', {
  versions: '0',
  flexible: '0+',
  request: {
    topics: array({ name: string, partitionIndexes: array(int32) }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        activeProducers: array({
          producerId: int53,
          producerEpoch: int32,
          lastSequence: int32.default(-1),
          lastTimestamp: int53.default(-1),
          coordinatorEpoch: int32,
          /** -1: no open transaction. */
          currentTxnStartOffset: int53.default(-1),
        }),
      }),
    }),
  },
});
