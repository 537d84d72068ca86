/** Commits or aborts a transaction. */
import { EndTxn } from '../../protocol/apis/26-end-txn.ts';
import { EPOCH_BUMP_VERSION } from '../transactions/transaction-state.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { fencedBefore } from './transaction-errors.ts';
import { write } from '../security/needs.ts';

const FENCED_SINCE = 2;
/** From this version on the producer epoch rises with each transaction (KIP-890), and the response has it. */
const EPOCH_BUMP_SINCE = 5;

export const endTxn = handler(EndTxn, {
  needs: ({ transactionalId }) => write.transactionalId(transactionalId),
  handle: async (request, { apiVersion }, { transactions }: Parts<'transactions'>) => {
    const { transactionalId, producerId, producerEpoch, committed } = request;
    const clientVersion = apiVersion >= EPOCH_BUMP_SINCE ? EPOCH_BUMP_VERSION : 0;
    const answer = await transactions.end({
      transactionalId,
      producerId,
      producerEpoch,
      committed,
      clientVersion,
    });
    return { ...answer, errorCode: fencedBefore(FENCED_SINCE, apiVersion, answer.errorCode) };
  },
  refuse: (_request, errorCode) => ({ errorCode }),
});
