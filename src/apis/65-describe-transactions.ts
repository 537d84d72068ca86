/** Shows the state of transactions (KIP-664). */
import { DescribeTransactions } from '../../protocol/apis/65-describe-transactions.ts';
import { undescribedTransaction } from '../transactions/transaction-views.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';

export const describeTransactions = handler(DescribeTransactions, {
  *handle({ transactionalIds }, { apiVersion }, { transactions }: Parts<'transactions'>) {
    const describe = (id: string) =>
      transactions.whenCommitted(id, transactions.describe(id), (errorCode) => undescribedTransaction(id, errorCode));
    const bytesOf = (state: Awaited<ReturnType<typeof describe>>) =>
      responseBytes(DescribeTransactions, apiVersion, { transactionStates: [state] });
    return andThen(yield* answerEach(transactionalIds, describe, bytesOf), (transactionStates) => ({
      transactionStates,
    }));
  },
  refuse: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((transactionalId) => undescribedTransaction(transactionalId, errorCode)),
  }),
});
