/** Records of __transaction_state: one transactional id and its transaction. */
import { array, int16, int32, int53, int8, message, string } from '../schema.ts';

export const TransactionLogKey = message(
  'TransactionLogKey',
  { apiKey: 0, versions: '0', flexible: 'none' },
  {
    transactionalId: string,
  },
);

// v1 flexible; since KIP-915 only tagged fields are added
export const TransactionLogValue = message(
  'TransactionLogValue',
  { apiKey: 0, versions: '0-1', flexible: '1+' },
  {
    producerId: int53,
    previousProducerId: int53.versions('1+').tagged(0).default(-1),
    nextProducerId: int53.versions('1+').tagged(1).default(-1),
    producerEpoch: int16,
    nextProducerEpoch: int16.versions('1+').tagged(3).default(-1),
    transactionTimeoutMs: int32,
    /** 0 Empty, 1 Ongoing, 2 PrepareCommit, 3 PrepareAbort, 4 CompleteCommit, 5 CompleteAbort, 6 Dead, 7 fencing. */
    transactionStatus: int8,
    /** null where there are none. */
    transactionPartitions: array({ topic: string, partitionIds: array(int32) }).nullable(),
    transactionLastUpdateTimestampMs: int53,
    transactionStartTimestampMs: int53,
    /** 2: the epoch rises with each transaction (KIP-890). */
    clientTransactionVersion: int16.versions('1+').tagged(2).default(0),
  },
);
