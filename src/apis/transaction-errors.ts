/** What clients of each version are told of a transaction that cannot go on. */
import { ErrorCode } from '../../protocol/errors.ts';

/** Before PRODUCER_FENCED (KIP-588) a fenced producer had an invalid epoch. */
export function fencedBefore(sinceVersion: number, apiVersion: number, errorCode: number): number {
  const isUnknown = errorCode === ErrorCode.PRODUCER_FENCED && apiVersion < sinceVersion;
  return isUnknown ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}

/** What a write is answered that the coordinator did not admit; `knowsAbortable`: TRANSACTION_ABORTABLE (KIP-890). */
export function admitted(errorCode: number, knowsAbortable: boolean): number {
  switch (errorCode) {
    case ErrorCode.PRODUCER_FENCED:
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    case ErrorCode.TRANSACTION_ABORTABLE:
      return knowsAbortable ? errorCode : ErrorCode.INVALID_TXN_STATE;
    case ErrorCode.CONCURRENT_TRANSACTIONS:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_ENOUGH_REPLICAS; // the one that every producer tries again after
    default:
      return errorCode;
  }
}
