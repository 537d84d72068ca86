/** All transactional ids of one partition of __transaction_state, as its records tell. Changed by replayed records only. */
import type { Record } from '../../protocol/records/record.ts';
import type { CoordinatorShard } from '../coordination/coordinator-shard.ts';
import { decodeTransaction } from './transaction-records.ts';
import type { Transaction } from './transaction-state.ts';

/** The same with the log behind it, while this broker coordinates it. Its leader epoch is that of the markers' coordinator. */
export type TransactionShard = CoordinatorShard<TransactionPartition>;

export class TransactionPartition {
  readonly transactions = new Map<string, Transaction>();

  replay(transactionalId: string, transaction: Transaction | null): void {
    if (transaction === null) this.transactions.delete(transactionalId);
    else this.transactions.set(transactionalId, transaction);
  }

  /** The same from the log. Kinds of records it does not know are passed over. */
  replayRecord({ key, value }: Pick<Record, 'key' | 'value'>): void {
    const decoded = key === null ? null : decodeTransaction(key, value);
    if (decoded !== null) this.replay(decoded.transactionalId, decoded.transaction);
  }
}
