/**
 * What an append is known by until its producer is answered: where its records lie, and under which leader epoch they were
 * written. The log takes them at once; whether they are there to stay says `Partition.committed`.
 *
 *     append ──▶ staged ──settle──▶ written ──fdatasync, replicas──▶ committed
 *       │ refused    │ the disk refuses  │ KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT,
 *       ▼            ▼                   ▼ NOT_ENOUGH_REPLICAS_AFTER_APPEND
 *     errorCode    errorCode           answered by `committed`
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { RecordError } from '../log/record-refusals.ts';

/** The partition as the holder of a receipt sees it. */
export interface ReceiptIssuer {
  /** False while an append has to wait, for the disk or for replicas, after it was written. */
  readonly commitsAtOnce: boolean;
  flushed(receipt: Receipt): number | Promise<number>;
  committed(receipt: Receipt, timeoutMs: number): number | Promise<number>;
}

export const NO_RECORD_ERRORS: readonly RecordError[] = [];

export class Receipt {
  /** Null where nothing was appended. */
  readonly issuer: ReceiptIssuer | null;
  /** Changes from NONE when the disk refuses the write that was to bring the records into the log. */
  errorCode: number;
  baseOffset: number;
  lastOffset: number;
  readonly leaderEpoch: number;
  /** -1 unless the topic stamps with LogAppendTime. */
  logAppendTimeMs: number;
  logStartOffset: number;
  recordErrors: readonly RecordError[] = NO_RECORD_ERRORS;
  errorMessage: string | null = null;

  constructor(
    issuer: ReceiptIssuer | null,
    errorCode: number,
    baseOffset: number,
    lastOffset: number,
    leaderEpoch: number,
    logAppendTimeMs: number,
    logStartOffset: number,
  ) {
    this.issuer = issuer;
    this.errorCode = errorCode;
    this.baseOffset = baseOffset;
    this.lastOffset = lastOffset;
    this.leaderEpoch = leaderEpoch;
    this.logAppendTimeMs = logAppendTimeMs;
    this.logStartOffset = logStartOffset;
  }

  /** Of an append that was refused. Kafka answers the log's start where it had the log in its hands. */
  static refused(errorCode: number, errorMessage: string | null = null, logStartOffset = -1): Receipt {
    const receipt = new Receipt(null, errorCode, -1, -1, -1, -1, logStartOffset);
    receipt.errorMessage = errorMessage;
    return receipt;
  }

  /** The same as of an append that came later. */
  takeOver(appended: Receipt): void {
    this.baseOffset = appended.baseOffset;
    this.lastOffset = appended.lastOffset;
    this.logAppendTimeMs = appended.logAppendTimeMs;
    this.logStartOffset = appended.logStartOffset;
    this.recordErrors = appended.recordErrors;
    this.errorMessage = appended.errorMessage;
  }

  /** The records are not in the log any more, or nobody can say that they are. */
  lose(errorCode: number): void {
    this.errorCode = errorCode;
    this.baseOffset = -1;
    this.lastOffset = -1;
    this.logAppendTimeMs = -1;
    this.logStartOffset = -1;
  }

  get isAppended(): boolean {
    return this.errorCode === ErrorCode.NONE;
  }
}
