/** Which segments at the front of a log may go. PURE. */
import type { LogConfig } from '../config/log-config.ts';

export interface RetainedSegment {
  readonly baseOffset: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly largestTimestamp: number;
}

export interface RetentionState {
  readonly nowMs: number;
  /** Of the whole log, in bytes. */
  readonly size: number;
  readonly logStartOffset: number;
  readonly endOffset: number;
  /** Segments with records at or above this one stay: not every replica has them. */
  readonly upToOffset: number;
}

/**
 * How many segments from the first on are to be deleted: too old or too much (only with cleanup.policy=delete), or
 * before the log start offset. The last one may be among them when it holds records; the caller then begins a new one.
 */
export function segmentsToDelete(
  segments: readonly RetainedSegment[],
  config: LogConfig,
  state: RetentionState,
): number {
  let surplus = config.cleanupDelete && config.retentionBytes >= 0 ? state.size - config.retentionBytes : -1;
  let count = 0;
  for (; count < segments.length; count++) {
    const segment = segments[count];
    const isLast = count + 1 === segments.length;
    const end = isLast ? state.endOffset : segments[count + 1].baseOffset;
    if (end > state.upToOffset || (isLast && segment.size === 0)) break;
    const isBeforeStart = !isLast && end <= state.logStartOffset;
    const isOld =
      config.cleanupDelete && config.retentionMs >= 0 && state.nowMs - segment.largestTimestamp > config.retentionMs;
    const isTooMuch = surplus >= segment.size;
    if (!isBeforeStart && !isOld && !isTooMuch) break;
    surplus -= segment.size;
  }
  return count;
}
