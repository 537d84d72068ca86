/** Shows the state of transactions (KIP-664). */
import { DescribeTransactions } from '../../protocol/apis/65-describe-transactions.ts';
import { undescribedTransaction } from '../transactions/transaction-views.ts';
import { handler } from './handler.ts';

export const describeTransactions = handler(DescribeTransactions, {
  handle: ({ transactionalIds }, { broker }) => ({
    transactionStates: transactionalIds.map((transactionalId) => broker.transactions.describe(transactionalId)),
  }),
  refuse: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((transactionalId) => undescribedTransaction(transactionalId, errorCode)),
  }),
});
