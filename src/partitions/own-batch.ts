/** Batches that the broker writes itself: records of coordinators, and the markers that end transactions. */
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch, type RecordDraft } from '../../protocol/records/encode.ts';

export interface AppendOptions {
  readonly compression?: 'none';
  /** The transaction the records are part of: they count once it commits. */
  readonly transaction?: { readonly producerId: number; readonly producerEpoch: number } | undefined;
}

export interface Marker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  /** The leader epoch of the partition of __transaction_state whose leader has this written. */
  readonly coordinatorEpoch: number;
  /** 2 where the epoch has risen with the end of the transaction (KIP-890), which the log holds it to (KIP-1228). */
  readonly transactionVersion: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export function encodeOwn(records: readonly RecordDraft[], { transaction, ...more }: AppendOptions): Buffer {
  const draft = transaction === undefined ? more : { ...more, ...transaction, isTransactional: true };
  return encodeBatch({ records: [...records], ...draft });
}

export function encodeMarker(marker: Marker): Buffer {
  const { producerId, producerEpoch, committed, coordinatorEpoch, timestamp } = marker;
  const records = [endTxnMarker(committed ? 'COMMIT' : 'ABORT', coordinatorEpoch, timestamp)];
  return encodeBatch({ records, producerId, producerEpoch, isTransactional: true, isControl: true });
}
