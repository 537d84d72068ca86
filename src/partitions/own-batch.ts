/** Batches that the broker writes itself: records of coordinators, and the markers that end transactions. */
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch, type RecordDraft } from '../../protocol/records/encode.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { LogError } from './log-error.ts';
import type { Receipt } from './receipt.ts';
import { isStorageError } from './storage-error.ts';

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

export function encodeOwn(records: readonly RecordDraft[], { transaction }: AppendOptions): Buffer {
  if (transaction === undefined) return encodeBatch({ records });
  return encodeBatch({ records, ...transaction, isTransactional: true });
}

export function encodeMarker(marker: Marker): Buffer {
  const { producerId, producerEpoch, committed, coordinatorEpoch, timestamp } = marker;
  const records = [endTxnMarker(committed ? 'COMMIT' : 'ABORT', coordinatorEpoch, timestamp)];
  return encodeBatch({ records, producerId, producerEpoch, isTransactional: true, isControl: true });
}

/** The partition as such a batch comes into it. */
interface OwnPartition {
  readonly topic: string;
  readonly index: number;
  readonly isLeader: boolean;
  readonly isUnderMinIsr: boolean;
  readonly log: { checkProducer(bytes: Buffer, at: number, fromClient: boolean): number };
  append(bytes: Buffer, at: number, length: number): Receipt;
}

/** Appends such a batch, written when this returns. @throws {LogError} where nothing is appended */
export function appendOwn(partition: OwnPartition, sink: { settle(): void }, bytes: Buffer): Receipt {
  const name = `${partition.topic}-${partition.index}`;
  if (!partition.isLeader) throw new LogError(ErrorCode.NOT_LEADER_OR_FOLLOWER, `another broker leads ${name}`);
  const refused = partition.log.checkProducer(bytes, 0, false);
  if (refused !== ErrorCode.NONE) throw new LogError(refused, `${name} refuses the producer`);
  if (partition.isUnderMinIsr)
    throw new LogError(ErrorCode.NOT_ENOUGH_REPLICAS, `${name} has too few replicas in sync`);
  sink.settle(); // what producers appended before stands or falls apart from this
  let receipt: Receipt;
  try {
    receipt = partition.append(bytes, 0, bytes.length);
    sink.settle();
  } catch (error) {
    if (!isStorageError(error)) throw error;
    throw new LogError(ErrorCode.KAFKA_STORAGE_ERROR, `${name} could not be written`, error);
  }
  if (!receipt.isAppended) throw new LogError(receipt.errorCode, `${name} could not be written`);
  return receipt;
}
