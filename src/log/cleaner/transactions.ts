/**
 * Follows the transactions of a log while it is compacted: whose records were taken back, and which markers nobody needs
 * any more because nothing of their transaction is left. PURE.
 */
import * as batch from '../../../protocol/records/batch.ts';
import { readEndTxnMarker } from '../../../protocol/records/control.ts';
import { RecordCursor } from '../../../protocol/records/decode.ts';
import type { AbortedTransaction } from '../transaction-index.ts';

interface Ongoing {
  readonly transaction: AbortedTransaction;
  hasBatches: boolean;
}

export class CleanedTransactions {
  /** Aborted transactions by first offset; those before `#begun` have had their first batch. */
  #coming: AbortedTransaction[] = [];
  #begun = 0;
  /** By producer id. */
  readonly #aborted = new Map<number, Ongoing>();
  readonly #committed = new Set<number>();
  readonly #keepAborted: (transaction: AbortedTransaction) => void;

  /** `keepAborted` is told of each aborted transaction that stays in the log, with its marker. */
  constructor(keepAborted: (transaction: AbortedTransaction) => void = () => {}) {
    this.#keepAborted = keepAborted;
  }

  /** Must come before the batches of the segment that the transactions were looked up for. */
  addAborted(transactions: readonly AbortedTransaction[]): void {
    const coming = this.#coming.slice(this.#begun);
    const known = new Set(coming.map(({ lastOffset }) => lastOffset));
    for (const { transaction } of this.#aborted.values()) known.add(transaction.lastOffset);
    const more = transactions.filter(({ lastOffset }) => !known.has(lastOffset));
    this.#coming = [...coming, ...more].sort((a, b) => a.firstOffset - b.firstOffset);
    this.#begun = 0;
  }

  /** Whether the records of a batch are not to be seen by anybody who reads committed records only. */
  isAborted(bytes: Buffer, at: number): boolean {
    this.#beginUpTo(batch.lastOffset(bytes, at));
    if (!batch.isTransactional(batch.attributes(bytes, at))) return false;
    const producerId = batch.producerId(bytes, at);
    const ongoing = this.#aborted.get(producerId);
    if (ongoing !== undefined) ongoing.hasBatches = true;
    else this.#committed.add(producerId);
    return ongoing !== undefined;
  }

  /** Whether nothing is left of the transaction that this control batch ends. */
  isNeedless(bytes: Buffer, at: number): boolean {
    this.#beginUpTo(batch.lastOffset(bytes, at));
    if (batch.recordCount(bytes, at) === 0) return true; // only an empty shell is left of the marker
    const record = new RecordCursor(bytes, at);
    const marker = record.next() ? readEndTxnMarker(record) : null;
    if (marker === null) return false;
    const producerId = batch.producerId(bytes, at);
    if (marker.type === 'COMMIT') return !this.#committed.delete(producerId);
    const ongoing = this.#aborted.get(producerId);
    this.#aborted.delete(producerId);
    if (ongoing === undefined || !ongoing.hasBatches) return true;
    this.#keepAborted(ongoing.transaction);
    return false;
  }

  #beginUpTo(offset: number): void {
    for (; this.#begun < this.#coming.length && this.#coming[this.#begun].firstOffset <= offset; this.#begun++) {
      const transaction = this.#coming[this.#begun];
      if (!this.#aborted.has(transaction.producerId)) {
        this.#aborted.set(transaction.producerId, { transaction, hasBatches: false });
      }
    }
  }
}
