/** What happens to one batch of a produce request on its way into a partition's log. */
import { ErrorCode } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import type { Log } from '../log/log.ts';
import { validateBatch, type RecordError } from '../log/validate.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';

/** As Produce's response has it. There is one for all appends: read it before the next. */
export interface AppendResult {
  errorCode: number;
  baseOffset: number;
  /** -1 unless the topic stamps with LogAppendTime. */
  logAppendTimeMs: number;
  logStartOffset: number;
  recordErrors: readonly RecordError[];
  errorMessage: string | null;
  /** Not null: the append may be acknowledged when this resolves, and has failed when it rejects (flush.messages). */
  committed: Promise<void> | null;
}

export interface ProduceOptions {
  /** Of the Produce request. */
  readonly apiVersion: number;
  readonly isAcksAll: boolean;
  /**
   * Asked before a transactional batch is the first of its producer's transaction in a partition: NONE, or why it is none of
   * its partitions. Null where the request names no transactional id, which such a batch needs.
   */
  readonly admit?: ((partition: Partition, producerId: number, producerEpoch: number) => number) | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** KIP-890, transactions of version 2. */
const SEQUENCES_FROM_0_SINCE = 12;

const NO_RECORD_ERRORS: readonly RecordError[] = [];

const result: AppendResult = {
  errorCode: ErrorCode.NONE,
  baseOffset: -1,
  logAppendTimeMs: -1,
  logStartOffset: -1,
  recordErrors: NO_RECORD_ERRORS,
  errorMessage: null,
  committed: null,
};

/**
 * Validates the `length` bytes at `at` (-1: null) and appends them. The append is real once `partitions.settle()` has
 * returned; nobody may be told of it before.
 */
export function appendProduced(
  partitions: Partitions,
  partition: Partition,
  bytes: Buffer,
  at: number,
  length: number,
  options: ProduceOptions,
): AppendResult {
  const { log } = partition;
  if (log.health.isOffline) return refusedAppend(ErrorCode.KAFKA_STORAGE_ERROR);
  if (options.isAcksAll && partition.isUnderMinIsr) {
    return refusedByLog(log, ErrorCode.NOT_ENOUGH_REPLICAS);
  }
  const valid = validateBatch(bytes, at, Math.max(0, length), {
    config: log.config,
    nowMs: options.nowMs,
    apiVersion: options.apiVersion,
  });
  if (valid.errorCode !== ErrorCode.NONE) {
    refusedAppend(valid.errorCode, valid.errorMessage);
    result.recordErrors = valid.recordErrors;
    if (valid.reachedLog) result.logStartOffset = log.logStartOffset;
    return result;
  }
  if (batch.isTransactional(batch.attributes(valid.bytes, valid.at))) {
    const refused = admitTransaction(partition, valid.bytes, valid.at, options);
    if (refused !== null) return refused;
  }
  const producerError = log.checkProducer(valid.bytes, valid.at);
  if (producerError === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
    // It was appended before and its answer was lost: it gets that answer again.
    accepted(log.duplicateOffset, log.producers.duplicateTimestamp, log.logStartOffset);
    partitions.unsettled.add(log, log.duplicateOffset);
    // The first answer may still have been waiting for the disk.
    if (log.flusher.isCommitPending) result.committed = log.flusher.commits.join();
    return result;
  }
  if (producerError !== ErrorCode.NONE) return refusedByLog(log, producerError);
  try {
    const baseOffset = log.append(valid.bytes, valid.at, valid.length, partition.leaderEpoch);
    partitions.noteAppend(partition);
    partition.traffic.messagesIn += batch.recordCount(valid.bytes, valid.at);
    partition.traffic.bytesIn += valid.length;
    partitions.unsettled.add(log, baseOffset);
    accepted(baseOffset, valid.logAppendTimeMs, log.logStartOffset);
    if (log.flusher.awaitsCommit) result.committed = log.flusher.commits.join();
    return result;
  } catch (error) {
    partitions.noteFailure(partition, error);
    return refusedAppend(ErrorCode.KAFKA_STORAGE_ERROR);
  }
}

/** Null where the batch may be appended. */
function admitTransaction(
  partition: Partition,
  bytes: Buffer,
  at: number,
  { admit, apiVersion }: ProduceOptions,
): AppendResult | null {
  if (admit === undefined || admit === null) {
    return refusedAppend(
      ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      'A transactional batch needs a transactional id',
    );
  }
  const producerId = batch.producerId(bytes, at);
  const producerEpoch = batch.producerEpoch(bytes, at);
  if (partition.hasOpenTransaction(producerId, producerEpoch)) return null;
  const errorCode = admit(partition, producerId, producerEpoch);
  if (errorCode !== ErrorCode.NONE) {
    return refusedAppend(errorCode, 'The partition does not take part in a transaction of this producer');
  }
  // Sequences of version 2 begin anew with each transaction: of an unknown producer, batches before this one are missing.
  const isUnknown = !partition.log.producers.producers.has(producerId);
  if (apiVersion >= SEQUENCES_FROM_0_SINCE && isUnknown && batch.baseSequence(bytes, at) !== 0) {
    return refusedByLog(partition.log, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  }
  return null;
}

export function refusedAppend(errorCode: number, errorMessage: string | null = null): AppendResult {
  result.errorCode = errorCode;
  result.baseOffset = -1;
  result.logAppendTimeMs = -1;
  result.logStartOffset = -1;
  result.recordErrors = NO_RECORD_ERRORS;
  result.errorMessage = errorMessage;
  result.committed = null;
  return result;
}

/** Kafka answers the log's start where it had the log in its hands. */
function refusedByLog(log: Log, errorCode: number): AppendResult {
  refusedAppend(errorCode);
  result.logStartOffset = log.logStartOffset;
  return result;
}

function accepted(baseOffset: number, logAppendTimeMs: number, logStartOffset: number): AppendResult {
  result.errorCode = ErrorCode.NONE;
  result.baseOffset = baseOffset;
  result.logAppendTimeMs = logAppendTimeMs;
  result.logStartOffset = logStartOffset;
  result.recordErrors = NO_RECORD_ERRORS;
  result.errorMessage = null;
  result.committed = null;
  return result;
}
