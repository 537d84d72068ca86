/** Lists the transactions this broker coordinates (KIP-664). */
import { ListTransactions } from '../../protocol/apis/66-list-transactions.ts';
import { handler } from './handler.ts';

export const listTransactions = handler(ListTransactions, {
  handle: (request, { broker }) => broker.transactions.list(request),
  refuse: (_request, errorCode) => ({ errorCode, unknownStateFilters: [], transactionStates: [] }),
});
