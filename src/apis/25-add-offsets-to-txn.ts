/** Takes the offsets of a group into a transaction; from TxnOffsetCommit v5 on that is done by committing. */
import { AddOffsetsToTxn } from '../../protocol/apis/25-add-offsets-to-txn.ts';
import { handler } from './handler.ts';
import { fencedBefore } from './transaction-errors.ts';

const FENCED_SINCE = 2;

export const addOffsetsToTxn = handler(AddOffsetsToTxn, {
  handle: ({ transactionalId, groupId, producerId, producerEpoch }, { broker, apiVersion }) => {
    const offsets = { topic: '__consumer_offsets', partition: broker.groups.partitionFor(groupId) };
    const errorCode = broker.transactions.addPartitions(transactionalId, { producerId, producerEpoch }, [offsets], 0);
    return { errorCode: fencedBefore(FENCED_SINCE, apiVersion, errorCode) };
  },
  refuse: (_request, errorCode) => ({ errorCode }),
});
