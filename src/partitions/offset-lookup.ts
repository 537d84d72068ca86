/** Offsets of a partition by the time of its records, and the leader epochs of offsets; as ListOffsets tells them. */
import type { TimestampOffset } from '../log/log.ts';
import type { Partition } from './partition.ts';

/** The first record whose timestamp is at least `timestamp` (milliseconds since 1970), or null. */
export function offsetForTimestamp({ log }: Partition, timestamp: number): TimestampOffset | null {
  return log.offsetForTimestamp(timestamp);
}

/** The first record with the largest timestamp (KIP-734), or null where there is none. */
export function offsetOfMaxTimestamp({ log }: Partition): TimestampOffset | null {
  return log.maxTimestamp();
}

/** The leader epoch of the record at `offset`; where nothing is written yet, the one in which the first record would be. */
export function leaderEpochOf({ log, leaderEpoch }: Partition, offset: number): number {
  const epoch = log.epochOf(offset);
  return epoch === -1 ? leaderEpoch : epoch;
}
