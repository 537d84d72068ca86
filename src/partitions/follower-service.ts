/** What the leader of a partition gives to whom: followers within a rate (KIP-73), consumers by a replica in their rack (KIP-392). */
import type { Partition } from './partition.ts';
import { preferredReplica, type Racks } from './preferred-replica.ts';

/** Whether a follower that is not in sync gets nothing now, for others to get theirs. */
export function isHeldBack({ leaderState, config, index }: Partition, followerId: number): boolean {
  const throttle = leaderState?.throttle ?? null;
  if (throttle === null || leaderState!.isInSync(followerId)) return false;
  return throttle.covers(config, index) && throttle.isExceeded();
}

export function sentToFollower({ leaderState, stats, config, index }: Partition, bytes: number): void {
  stats.replicationBytesOut += bytes;
  const throttle = leaderState?.throttle ?? null;
  if (throttle?.covers(config, index) === true) throttle.took(bytes);
}

/** The follower by which a consumer reads best from `offset` on; null: this broker. */
export function replicaFor({ leaderState }: Partition, offset: number, racks: Racks): number | null {
  return leaderState === null ? null : preferredReplica(leaderState.readableAt(offset), racks);
}
