/** What a coordinator needs of the partition that holds its state: __consumer_offsets, __transaction_state. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { AppendOptions } from '../partitions/partition.ts';
import type { OnUnreadable, RecordVisitor } from '../partitions/record-pieces.ts';

/** What `committed` is asked with; the log knows more of it. */
export interface AppendReceipt {
  readonly lastOffset: number;
}

/** The log as it is read when this broker begins to lead the partition. */
export interface ReplayedLog {
  /**
   * Hands over every record from the log's start to its end, oldest first, and pauses after each piece of it. What cannot be
   * read is passed over: some batch of an internal topic must not keep the broker from starting.
   */
  recordPieces(visit: RecordVisitor, onUnreadable: OnUnreadable): Iterator<void>;
}

export interface StatePartition extends ReplayedLog {
  /**
   * Appends the records as one batch.
   * @throws {LogError} where nothing was appended
   */
  appendRecords(records: readonly RecordDraft[], options?: AppendOptions): AppendReceipt;
  /**
   * NONE once the records are on every in-sync replica, and on the disk where flush.messages asks for it; else the error
   * that a producer with acks=all is told. A number where nothing has to wait.
   */
  committed(receipt: AppendReceipt, timeoutMs: number): number | Promise<number>;
  /** For what stands at the log's end and is not committed yet; null where all is. */
  uncommittedEnd(): AppendReceipt | null;
  /** Whether the producer has an open transaction here, under this very epoch. */
  hasOpenTransaction(producerId: number, producerEpoch: number): boolean;
  /** See ProducerState. */
  markersOf(producerId: number): number;
}
