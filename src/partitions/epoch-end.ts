/** Where leader epochs ended here: by it a client or a follower sees whether its log has parted from ours (KIP-101, KIP-320). */
import type { Partition } from './partition.ts';

/**
 * The largest epoch up to `epoch` that is known, and where it ended. The log notes an epoch with its first batch; before that
 * the current one begins and ends at the log's end.
 */
export function endOffsetForEpoch(
  { log, leaderEpoch }: Partition,
  epoch: number,
): { leaderEpoch: number; endOffset: number } {
  const { latestEpoch, endOffset } = log;
  if (epoch === leaderEpoch) return { leaderEpoch: epoch, endOffset };
  const hasNoOther = latestEpoch === -1 && epoch !== -1; // smaller than any: Kafka gives back what was asked
  if (hasNoOther && epoch < leaderEpoch) return { leaderEpoch: epoch, endOffset };
  if (epoch > latestEpoch && epoch < leaderEpoch) return { leaderEpoch: latestEpoch, endOffset };
  return log.endOffsetForEpoch(epoch);
}
