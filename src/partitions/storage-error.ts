/** Which errors of an append a client is told KAFKA_STORAGE_ERROR for: the disk's. Anything else is a bug. */
import { AppendFailedError } from '../log/append-stage.ts';
import { isSystemError } from '../platform/disk-error.ts';

export function isStorageError(error: unknown): boolean {
  return isSystemError(error instanceof AppendFailedError ? error.cause : error);
}
