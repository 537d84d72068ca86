/** Shows the state of transactions (KIP-664). */
import { DescribeTransactions } from '../../protocol/apis/65-describe-transactions.ts';
import { undescribedTransaction } from '../transactions/transaction-views.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { answerEach, responseBytes } from './repeated-names.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Access } from '../security/access.ts';
import { describe } from '../security/needs.ts';

export const describeTransactions = handler(DescribeTransactions, {
  parts: {
    list: 'transactionalIds',
    needs: () => (id) => describe.transactionalId(id),
    refused: (id, errorCode) => undescribedTransaction(id, errorCode),
    answers: 'transactionStates',
    place: 'in order',
  },
  byHand: [describe.topic('transactionStates[].topics[].topic of the response')],
  *handle({ transactionalIds }, { apiVersion, access }, { transactions }: Parts<'transactions'>) {
    const view = (id: string) =>
      transactions.whenCommitted(id, transactions.describe(id), (errorCode) => undescribedTransaction(id, errorCode));
    const bytesOf = (state: Awaited<ReturnType<typeof view>>) =>
      responseBytes(DescribeTransactions, apiVersion, { transactionStates: [state] });
    return andThen(yield* answerEach(transactionalIds, view, bytesOf), (transactionStates) => ({
      transactionStates: access === null ? transactionStates : transactionStates.map((state) => shown(state, access)),
    }));
  },
  refuse: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((transactionalId) => undescribedTransaction(transactionalId, errorCode)),
  }),
});

/** Without the topics that the client may not describe. */
function shown<State extends { readonly topics: readonly { readonly topic: string }[] }>(
  state: State,
  access: Access,
): State {
  const sees = (name: string) => access.errorOf(describe.topic(name), DescribeTransactions.name) === ErrorCode.NONE;
  return { ...state, topics: state.topics.filter(({ topic }) => sees(topic)) };
}
