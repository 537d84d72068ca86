/** Moves the start of a partition's log forward, as far as its records are committed. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Partition } from './partition.ts';

/** In the place of an offset: all there is. */
const UP_TO_HIGH_WATERMARK = -1;

/** NONE, or why the records before `offset` stay. */
export function deleteRecordsBefore({ log, highWatermark }: Partition, offset: number): number {
  if (log.health.isOffline) return ErrorCode.KAFKA_STORAGE_ERROR;
  if (log.config.cleanupCompact && !log.config.cleanupDelete) return ErrorCode.POLICY_VIOLATION;
  const upTo = offset === UP_TO_HIGH_WATERMARK ? highWatermark : offset;
  if (upTo < 0 || upTo > highWatermark) return ErrorCode.OFFSET_OUT_OF_RANGE;
  log.deleteRecordsBefore(upTo);
  return ErrorCode.NONE;
}
