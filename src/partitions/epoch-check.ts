/** Compares the leader epoch a client believes in with the real one (KIP-320). */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Partition } from './partition.ts';

/** `claimed` is -1 where the client does not say. */
export function checkLeaderEpoch(partition: Partition, claimed: number): number {
  if (claimed === -1 || claimed === partition.leaderEpoch) return ErrorCode.NONE;
  return claimed < partition.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
}
