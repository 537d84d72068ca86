/** The error codes that clients of each version get for a transaction that is refused. */
import { ErrorCode } from '../../protocol/errors.ts';

/** Clients of versions before `sinceVersion` do not know PRODUCER_FENCED (KIP-588). */
export function fencedBefore(sinceVersion: number, apiVersion: number, errorCode: number): number {
  const isUnknown = errorCode === ErrorCode.PRODUCER_FENCED && apiVersion < sinceVersion;
  return isUnknown ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}

/** The error of a write that the coordinator did not admit. `knowsAbortable`: the client knows TRANSACTION_ABORTABLE (KIP-890). */
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
      return ErrorCode.NOT_ENOUGH_REPLICAS; // every producer retries after it
    default:
      return errorCode;
  }
}
