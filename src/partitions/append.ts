/** What happens to one batch of a produce request on its way into a partition's log. */
import { ErrorCode } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import { validateBatch } from '../log/validate.ts';
import { isStorageError } from './storage-error.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';
import type { Outcome, ParkedRequest } from './long-validations.ts';
import { PendingAppend } from './pending-append.ts';
import { Receipt } from './receipt.ts';

/** A promise where the coordinator has still to commit that the partition takes part. `askedAgain` is called before it is asked once more. */
export type Admit = (
  partition: Partition,
  producerId: number,
  producerEpoch: number,
  askedAgain: () => void,
) => number | Promise<number>;

export interface ProduceOptions {
  /** Of the Produce request. */
  readonly apiVersion: number;
  readonly isAcksAll: boolean;
  /**
   * Asked before a transactional batch is the first of its producer's transaction in a partition: NONE, or why it is none of
   * its partitions. Null where the request names no transactional id, which such a batch needs.
   */
  readonly admit?: Admit | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Set once one of the request's batches waits for its validation. */
  parked?: ParkedRequest;
}

/** What a producer is told besides the code. */
const NOT_ADMITTED = new Map<number, string>([
  [ErrorCode.NOT_ENOUGH_REPLICAS, 'The coordinator of the transaction cannot be asked for now; try again'],
  [ErrorCode.NOT_LEADER_OR_FOLLOWER, 'Another broker leads the partition by now'],
  [ErrorCode.INVALID_TXN_STATE, 'The transaction has ended, or the partition is not part of it'],
]);
/** KIP-890, transactions of version 2. */
const SEQUENCES_FROM_0_SINCE = 12;

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
): Receipt {
  const refused = refusalOf(partition, options);
  if (refused !== null) return refused;
  const { turn } = partitions;
  // Those behind one that waits wait too: a producer's batches keep their order, and a request its bound.
  if (options.parked !== undefined || turn.isOver) return park(partitions, partition, bytes, at, length, options);
  const rules = { config: partition.config, nowMs: options.nowMs, apiVersion: options.apiVersion };
  const valid = validateBatch(bytes, at, Math.max(0, length), rules);
  turn.worked(valid.recordBytes + length);
  if (valid.isLong) return park(partitions, partition, bytes, at, length, options);
  return appendValid(partitions, partition, valid, options);
}

/** Why nothing is appended here now, whatever it is. */
function refusalOf(partition: Partition, { isAcksAll }: ProduceOptions): Receipt | null {
  if (!partition.isLeader) return Receipt.refused(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  if (partition.isOffline) return Receipt.refused(ErrorCode.KAFKA_STORAGE_ERROR);
  if (!isAcksAll || !partition.isUnderMinIsr) return null;
  return Receipt.refused(ErrorCode.NOT_ENOUGH_REPLICAS, null, partition.logStartOffset);
}

/** Validated in slices, and appended then. */
function park(
  partitions: Partitions,
  partition: Partition,
  bytes: Buffer,
  at: number,
  length: number,
  options: ProduceOptions,
): Receipt {
  options.parked ??= { isCancelled: false };
  const kept = Buffer.from(bytes.subarray(at, at + Math.max(0, length)));
  const rules = { config: partition.config, nowMs: options.nowMs, apiVersion: options.apiVersion };
  const validated = partitions.longValidations.validate(kept, rules, options.parked);
  return PendingAppend.receipt(validated, (valid) => appendLater(partitions, partition, valid, options));
}

function appendLater(partitions: Partitions, partition: Partition, valid: Outcome, options: ProduceOptions): Receipt {
  const isHere = partitions.topicById(partition.topicId)?.partitions[partition.index] === partition;
  if (!isHere) return Receipt.refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION); // deleted, or closed, meanwhile
  const receipt = refusalOf(partition, options) ?? appendValid(partitions, partition, valid, options);
  partitions.settle();
  return receipt;
}

function appendValid(partitions: Partitions, partition: Partition, valid: Outcome, options: ProduceOptions): Receipt {
  const { logStartOffset } = partition;
  if (valid.errorCode !== ErrorCode.NONE) {
    const refused = Receipt.refused(valid.errorCode, valid.errorMessage, valid.reachedLog ? logStartOffset : -1);
    refused.recordErrors = valid.recordErrors;
    return refused;
  }
  if (batch.isTransactional(batch.attributes(valid.bytes, valid.at))) {
    const refused = admitTransaction(partition, valid.bytes, valid.at, options);
    if (refused instanceof Promise) {
      const kept = { ...valid, bytes: Buffer.from(valid.bytes.subarray(valid.at, valid.at + valid.length)), at: 0 };
      return PendingAppend.receipt(refused, (admit) => appendLater(partitions, partition, kept, { ...options, admit }));
    }
    if (refused !== null) return refused;
  }
  const producerError = partition.checkProducer(valid.bytes, valid.at);
  if (producerError === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
    // It was appended before and its answer was lost: it gets that answer again.
    return partition.appendedBefore(batch.lastOffsetDelta(valid.bytes, valid.at));
  }
  if (producerError !== ErrorCode.NONE) return Receipt.refused(producerError, null, logStartOffset);
  try {
    const receipt = partition.append(valid.bytes, valid.at, valid.length, valid.logAppendTimeMs);
    if (!receipt.isAppended) return receipt;
    partition.stats.messagesIn += batch.recordCount(valid.bytes, valid.at);
    partition.stats.bytesIn += valid.length;
    return receipt;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    partitions.settle(); // older appends stand or fall before the next one is written alone
    return Receipt.refused(ErrorCode.KAFKA_STORAGE_ERROR);
  }
}

/** What a partition knew of a producer when the coordinator was asked for a batch of it. */
class Asked {
  readonly #partition: Partition;
  readonly #producerId: number;
  readonly #leaderEpoch: number;
  #markers: number;

  constructor(partition: Partition, producerId: number) {
    this.#partition = partition;
    this.#producerId = producerId;
    this.#leaderEpoch = partition.leaderEpoch;
    this.#markers = partition.markersOf(producerId);
  }

  /** Markers that have come so far have ended the transaction before. */
  again(): void {
    this.#markers = this.#partition.markersOf(this.#producerId);
  }

  /** NONE while the batch belongs to the same transaction, under the same leader. */
  errorNow(): number {
    if (this.#partition.leaderEpoch !== this.#leaderEpoch) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    return this.#partition.markersOf(this.#producerId) === this.#markers ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE;
  }
}

/** Null where the batch may be appended; where the coordinator's answer has to wait, a promise of what says then whether it may. */
function admitTransaction(
  partition: Partition,
  bytes: Buffer,
  at: number,
  { admit, apiVersion }: ProduceOptions,
): Receipt | Promise<() => number> | null {
  if (admit === undefined || admit === null) {
    return Receipt.refused(
      ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      'A transactional batch needs a transactional id',
    );
  }
  const producerId = batch.producerId(bytes, at);
  const producerEpoch = batch.producerEpoch(bytes, at);
  if (partition.hasOpenTransaction(producerId, producerEpoch)) return null;
  const asked = new Asked(partition, producerId);
  const errorCode = admit(partition, producerId, producerEpoch, () => asked.again());
  if (errorCode instanceof Promise) return errorCode.then((told) => () => told || asked.errorNow());
  if (errorCode !== ErrorCode.NONE) {
    return Receipt.refused(
      errorCode,
      NOT_ADMITTED.get(errorCode) ?? 'The partition does not take part in a transaction of this producer',
    );
  }
  // Sequences of version 2 begin anew with each transaction: of an unknown producer, batches before this one are missing.
  const isUnknown = !partition.knowsProducer(producerId);
  if (apiVersion >= SEQUENCES_FROM_0_SINCE && isUnknown && batch.baseSequence(bytes, at) !== 0) {
    return Receipt.refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, null, partition.logStartOffset);
  }
  return null;
}
