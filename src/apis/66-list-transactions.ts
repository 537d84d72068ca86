/** Lists the transactions this broker coordinates (KIP-664). */
import { ListTransactions } from '../../protocol/apis/66-list-transactions.ts';
import { andThen } from '../coordination/answers.ts';
import { refusedList } from '../transactions/transaction-views.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const listTransactions = handler(ListTransactions, {
  handle: (request, _context, { transactions }: Parts<'transactions'>) =>
    andThen(transactions.listInSlices(request), (listed) => transactions.whenAllCommitted(listed, refusedList)),
  refuse: (_request, errorCode) => refusedList(errorCode),
});
