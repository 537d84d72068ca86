/** Whether a partition can be asked: its disk is there, this broker leads it, and the client believes in its leader epoch (KIP-320). */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Partition } from './partition.ts';

/** `claimed` is -1 where the client does not say. A follower that is asked may answer where the leader is not needed. */
export function checkLeaderEpoch(partition: Partition, claimed: number, needsLeader = true): number {
  if (partition.isOffline) return ErrorCode.KAFKA_STORAGE_ERROR;
  if (claimed === -1 || claimed === partition.leaderEpoch) {
    return partition.isLeader || !needsLeader ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }
  return claimed < partition.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
}
