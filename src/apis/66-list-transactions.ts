/** Lists the transactions this broker coordinates (KIP-664). */
import { ListTransactions } from '../../protocol/apis/66-list-transactions.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const listTransactions = handler(ListTransactions, {
  handle: (request, _context, { transactions }: Parts<'transactions'>) =>
    transactions.whenAllCommitted(transactions.list(request), refuse),
  refuse: (_request, errorCode) => refuse(errorCode),
});

function refuse(errorCode: number) {
  return { errorCode, unknownStateFilters: [], transactionStates: [] };
}
