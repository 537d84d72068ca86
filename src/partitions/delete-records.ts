/** Moves the start of a partition's log forward, as far as its records are committed; and waits for its replicas to do the same. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { PENDING } from './commit-waits.ts';
import { DeletionWaits } from './deletion-waits.ts';
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

/** Before it no replica that runs has records any more; -1 where one has not said where its log begins. */
export function lowWatermark({ leaderState, logStartOffset }: Partition): number {
  return leaderState?.lowWatermark(logStartOffset) ?? -1;
}

/** The log begins at `offset` now. At once, or when all replicas that run have done the same: NONE, or why that did not come. */
export function deletedEverywhere(
  partition: Partition,
  offset: number,
  clock: Clock,
  timeoutMs: number,
): number | Promise<number> {
  const errorCode = outcome(partition, offset);
  if (errorCode !== PENDING) return errorCode;
  partition.deletions ??= new DeletionWaits(clock, (upTo) => outcome(partition, upTo));
  return partition.deletions.add(offset, timeoutMs);
}

function outcome(partition: Partition, offset: number): number {
  if (partition.isDeleted) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (partition.isOffline) return ErrorCode.KAFKA_STORAGE_ERROR;
  if (!partition.isLeader) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
  return lowWatermark(partition) >= offset ? ErrorCode.NONE : PENDING;
}
