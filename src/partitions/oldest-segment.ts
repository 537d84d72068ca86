/** How old the oldest segment of a partition is, for those who look on. */
import type { Partition } from './partition.ts';

/** When the newest record in it was written, milliseconds since 1970: retention.ms goes by that. Null where there is none. */
export function oldestSegmentMs({ log }: Partition): number | null {
  const [{ size, largestTimestamp }] = log.segments;
  return size === 0 || largestTimestamp < 0 ? null : largestTimestamp;
}
