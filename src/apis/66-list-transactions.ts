/** Lists the transactions this broker coordinates (KIP-664). */
import { ListTransactions } from '../../protocol/apis/66-list-transactions.ts';
import { andThen } from '../coordination/answers.ts';
import { refusedList } from '../transactions/transaction-views.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Access } from '../security/access.ts';
import { describe } from '../security/needs.ts';

export const listTransactions = handler(ListTransactions, {
  byHand: [describe.transactionalId('transactionStates[].transactionalId of the response')],
  handle: (request, { access }, { transactions }: Parts<'transactions'>) =>
    andThen(transactions.listInSlices(request), (listed) =>
      transactions.whenAllCommitted(access === null ? listed : visible(listed, access), refusedList),
    ),
  refuse: (_request, errorCode) => refusedList(errorCode),
});

function visible<Listed extends { readonly transactionStates: readonly { readonly transactionalId: string }[] }>(
  listed: Listed,
  access: Access,
): Listed {
  const sees = (id: string) => access.errorOf(describe.transactionalId(id), ListTransactions.name) === ErrorCode.NONE;
  const transactionStates = listed.transactionStates.filter(({ transactionalId }) => sees(transactionalId));
  return { ...listed, transactionStates };
}
