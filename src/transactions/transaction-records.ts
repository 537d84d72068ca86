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

/** Tagged fields, which a Kafka of transaction.version 0 does not read. */
const FLEXIBLE_SINCE = 1;

/**
 * `transaction` null: a tombstone. `timestamp`: milliseconds since 1970. `transactionVersion`: the level of transaction.version
 * in the cluster, which decides on the record's version.
 */
export function encodeTransaction(
  transactionalId: string,
  transaction: Transaction | null,
  timestamp: number,
  transactionVersion: number,
): RecordDraft {
  const key = encodeRecordKey(TransactionLogKey, { transactionalId });
  if (transaction === null) return { key, value: null, timestamp };
  const version = Math.min(transactionVersion, FLEXIBLE_SINCE);
  return { key, value: encodeVersioned(TransactionLogValue, version, valueOf(transaction, version)), timestamp };
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

function valueOf(transaction: Transaction, version: number) {
  const { producerId, previousProducerId, nextProducerId, producerEpoch, state, partitions } = transaction;
  const { clientVersion: clientTransactionVersion } = transaction;
  const tagged = version >= FLEXIBLE_SINCE ? { previousProducerId, nextProducerId, clientTransactionVersion } : {};
  return {
    ...tagged,
    producerId,
    producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: STATES.indexOf(state),
    transactionPartitions:
      state === 'Empty' ? null : Array.from(partitions, ([topic, indexes]) => ({ topic, partitionIds: [...indexes] })),
    transactionLastUpdateTimestampMs: transaction.lastUpdateMs,
    transactionStartTimestampMs: transaction.startMs,
  };
}
