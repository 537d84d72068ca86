/** The records of __transaction_state, in Kafka's own bytes. Pure. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import { TransactionLogKey, TransactionLogValue } from '../../protocol/topics/transaction-log.ts';
import {
  decodeRecordKey,
  decodeVersioned,
  encodeRecordKey,
  encodeVersioned,
  recordTypeOf,
} from '../../protocol/versioned.ts';
import type { Transaction } from './transaction-state.ts';
import { NO_EPOCH, STATES } from './transaction-state.ts';

/** What Apache Kafka writes from transaction.version 1 on. */
const VALUE_VERSION = 1;

/** `transaction` null: a tombstone. `timestamp`: milliseconds since 1970. */
export function encodeTransaction(
  transactionalId: string,
  transaction: Transaction | null,
  timestamp: number,
): RecordDraft {
  const key = encodeRecordKey(TransactionLogKey, { transactionalId });
  return {
    key,
    value: transaction && encodeVersioned(TransactionLogValue, VALUE_VERSION, valueOf(transaction)),
    timestamp,
  };
}

/** Null where the record is of a kind of a later Kafka. */
export function decodeTransaction(
  key: Uint8Array,
  value: Uint8Array | null,
): { transactionalId: string; transaction: Transaction | null } | null {
  if (recordTypeOf(key) !== TransactionLogKey.apiKey) return null;
  const { transactionalId } = decodeRecordKey(TransactionLogKey, key);
  if (value === null) return { transactionalId, transaction: null };
  const read = decodeVersioned(TransactionLogValue, value);
  const partitions = new Map(
    (read.transactionPartitions ?? []).map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]),
  );
  const transaction: Transaction = {
    transactionalId,
    state: STATES[read.transactionStatus] ?? 'Dead',
    producerId: read.producerId,
    producerEpoch: read.producerEpoch,
    previousProducerId: read.previousProducerId,
    nextProducerId: read.nextProducerId,
    lastProducerEpoch: NO_EPOCH,
    timeoutMs: read.transactionTimeoutMs,
    partitions,
    startMs: read.transactionStartTimestampMs,
    lastUpdateMs: read.transactionLastUpdateTimestampMs,
    clientVersion: read.clientTransactionVersion,
  };
  return { transactionalId, transaction };
}

function valueOf(transaction: Transaction) {
  const { producerId, previousProducerId, nextProducerId, producerEpoch, state, partitions } = transaction;
  return {
    producerId,
    previousProducerId,
    nextProducerId,
    producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: STATES.indexOf(state),
    transactionPartitions:
      state === 'Empty' ? null : Array.from(partitions, ([topic, indexes]) => ({ topic, partitionIds: [...indexes] })),
    transactionLastUpdateTimestampMs: transaction.lastUpdateMs,
    transactionStartTimestampMs: transaction.startMs,
    clientTransactionVersion: transaction.clientVersion,
  };
}
