/** Adds the offsets of a group to a transaction; from TxnOffsetCommit v5 on the commit itself does that. */
import { AddOffsetsToTxn } from '../../protocol/apis/25-add-offsets-to-txn.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { fencedBefore } from './transaction-errors.ts';
import { read, write } from '../security/needs.ts';

const FENCED_SINCE = 2;

export const addOffsetsToTxn = handler(AddOffsetsToTxn, {
  needs: ({ transactionalId, groupId }) => [write.transactionalId(transactionalId), read.group(groupId)],
  handle: (request, { apiVersion }, { groups, transactions }: Parts<'groups' | 'transactions'>) => {
    const { transactionalId, groupId, producerId, producerEpoch } = request;
    const offsets = { topic: '__consumer_offsets', partition: groups.partitionFor(groupId) };
    const added = transactions.addPartitions(transactionalId, { producerId, producerEpoch }, [offsets], 0);
    return andThen(added, (errorCode) => ({ errorCode: fencedBefore(FENCED_SINCE, apiVersion, errorCode) }));
  },
  refuse: (_request, errorCode) => ({ errorCode }),
});
