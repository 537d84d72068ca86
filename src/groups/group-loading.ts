/** A partition of __consumer_offsets while it is read; see coordination/replay-loader.ts. */
import type { ReplayedLog, ReplayLoad } from '../coordination/replay-loader.ts';
import type { GroupPartition } from './group-partition.ts';
import { replayPieces } from './replay-log.ts';

/** One partition under way: whoever asks for its groups is told COORDINATOR_LOAD_IN_PROGRESS. */
export class GroupLoad implements ReplayLoad {
  readonly at: GroupPartition;
  /** Topics deleted since the load began: what it has read of them, or reads yet, counts no more. */
  readonly deletedTopics: string[] = [];
  readonly pieces: Iterator<void>;

  constructor(at: GroupPartition, log: ReplayedLog, unknown: (kind: number) => void) {
    this.at = at;
    this.pieces = replayPieces(log, at, unknown);
  }
}
