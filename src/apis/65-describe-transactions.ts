/** Shows the state of transactions (KIP-664). */
import { DescribeTransactions } from '../../protocol/apis/65-describe-transactions.ts';
import { undescribedTransaction } from '../transactions/transaction-views.ts';
import type { Parts } from './broker-parts.ts';
import { allOf, andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { oncePerName } from './once-per-name.ts';

export const describeTransactions = handler(DescribeTransactions, {
  handle: ({ transactionalIds }, _context, { transactions }: Parts<'transactions'>) => {
    const describe = oncePerName((id: string) =>
      transactions.whenCommitted(id, transactions.describe(id), (errorCode) => undescribedTransaction(id, errorCode)),
    );
    return andThen(allOf(transactionalIds.map(describe)), (transactionStates) => ({ transactionStates }));
  },
  refuse: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((transactionalId) => undescribedTransaction(transactionalId, errorCode)),
  }),
});
