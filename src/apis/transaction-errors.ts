/** The error codes that clients of each version get for a transaction that is refused. */
import { ErrorCode } from '../../protocol/errors.ts';

/** TxnOffsetCommit: TRANSACTION_ABORTABLE (KIP-890); COORDINATOR_LOAD_IN_PROGRESS, on which earlier clients give up. */
const ABORTABLE_SINCE = 4;
const LOADING_SINCE = 2;

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
    case ErrorCode.NETWORK_EXCEPTION:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_ENOUGH_REPLICAS; // every producer retries after it
    default:
      return errorCode;
  }
}

/** The same of a commit of offsets, by the version of TxnOffsetCommit. */
export function commitAdmitted(errorCode: number, apiVersion: number): number {
  switch (errorCode) {
    case ErrorCode.PRODUCER_FENCED:
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    case ErrorCode.TRANSACTION_ABORTABLE:
      return apiVersion >= ABORTABLE_SINCE ? errorCode : ErrorCode.INVALID_TXN_STATE;
    case ErrorCode.NETWORK_EXCEPTION:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
      // Older clients do not expect the first, and clients of v0 and v1 give up on the second.
      return apiVersion >= LOADING_SINCE ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE; // that of the transaction, not of the group
    default:
      return errorCode;
  }
}
