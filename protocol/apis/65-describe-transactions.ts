import { api, array, int16, int32, int53, string } from '../schema.ts';

/** Shows the state of transactions (KIP-664). */
export const DescribeTransactions = api(65, 'DescribeTransactions', {
  versions: '0',
  flexible: '0+',
  request: { transactionalIds: array(string) },
  response: {
    throttleTimeMs: int32.default(0),
    transactionStates: array({
      errorCode: int16,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int53,
      producerId: int53,
      producerEpoch: int16,
      topics: array({ topic: string, partitions: array(int32) }),
    }),
  },
});
