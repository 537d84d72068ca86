/** All transactional ids of one partition of __transaction_state, as its records tell. Changed by replayed records only. */
import type { Record } from '../../protocol/records/record.ts';
import type { ReplayedLog, ReplayLoad } from '../coordination/replay-loader.ts';
import { decodeTransaction } from './transaction-records.ts';
import type { Transaction } from './transaction-state.ts';

export class TransactionPartition {
  readonly index: number;
  /** Of this broker's leadership: what the markers carry as their coordinator's epoch. */
  readonly leaderEpoch: number;
  readonly transactions = new Map<string, Transaction>();

  constructor(index: number, leaderEpoch: number) {
    this.index = index;
    this.leaderEpoch = leaderEpoch;
  }

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

/** The same while it is read: whoever asks for its transactions is told COORDINATOR_LOAD_IN_PROGRESS. */
export class TransactionLoad implements ReplayLoad {
  readonly at: TransactionPartition;
  readonly pieces: Iterator<void>;

  constructor(at: TransactionPartition, log: ReplayedLog) {
    this.at = at;
    this.pieces = log.recordPieces((record) => at.replayRecord(record));
  }
}
