/** What of a log is to be compacted, and in which portions. PURE. */
import type { LogConfig } from '../../config/log-config.ts';

export interface PlannedSegment {
  readonly baseOffset: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly largestTimestamp: number;
  /** Of its first batch, in milliseconds since 1970; -1 where it has none. */
  readonly firstTimestamp: number;
}

export interface CleanableState {
  readonly nowMs: number;
  /** Up to where an earlier pass came, or null. */
  readonly checkpoint: number | null;
  readonly logStartOffset: number;
  readonly endOffset: number;
  /** Transactions are undecided from here on. */
  readonly lastStableOffset: number;
}

export interface CleanPlan {
  readonly firstDirtyOffset: number;
  /** The first offset that is not to be cleaned. */
  readonly upTo: number;
  readonly dirtyBytes: number;
  /** Of the bytes before `upTo`, how many may hold superseded records: 0 to 1. */
  readonly dirtyRatio: number;
  /** Whether max.compaction.lag.ms is over. */
  readonly isOverdue: boolean;
  readonly isWorthwhile: boolean;
}

const NEVER = Number.MAX_SAFE_INTEGER;

/** `segments` are all of the log; the last one is appended to and never cleaned. */
export function planCleaning(segments: readonly PlannedSegment[], config: LogConfig, state: CleanableState): CleanPlan {
  const { nowMs, checkpoint, logStartOffset, endOffset } = state;
  const isSound = checkpoint !== null && checkpoint >= logStartOffset && checkpoint <= endOffset;
  const firstDirtyOffset = isSound ? checkpoint : logStartOffset;
  const closed = segments.slice(0, -1);
  const dirty = closed.filter((_, i) => segments[i + 1].baseOffset > firstDirtyOffset);

  let upTo = Math.min(state.lastStableOffset, segments[segments.length - 1].baseOffset);
  if (config.minCompactionLagMs > 0) {
    const young = dirty.find(({ largestTimestamp }) => largestTimestamp > nowMs - config.minCompactionLagMs);
    if (young !== undefined) upTo = Math.min(upTo, young.baseOffset);
  }
  upTo = segments.findLast(({ baseOffset }) => baseOffset <= upTo)?.baseOffset ?? 0; // segments are cleaned as a whole

  let cleanBytes = 0;
  let dirtyBytes = 0;
  for (const [i, { baseOffset, size }] of closed.entries()) {
    if (segments[i + 1].baseOffset <= firstDirtyOffset) cleanBytes += size;
    else if (baseOffset < upTo) dirtyBytes += size;
  }
  const dirtyRatio = cleanBytes + dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes);
  const isOverdue = dirtyBytes > 0 && isLagOver(dirty, config, nowMs);
  const isWorthwhile =
    dirtyBytes > 0 && upTo > firstDirtyOffset && (isOverdue || dirtyRatio > config.minCleanableDirtyRatio);
  return { firstDirtyOffset, upTo, dirtyBytes, dirtyRatio, isOverdue, isWorthwhile };
}

function isLagOver(dirty: readonly PlannedSegment[], config: LogConfig, nowMs: number): boolean {
  const lagMs = Math.max(config.maxCompactionLagMs, config.minCompactionLagMs);
  if (config.maxCompactionLagMs === NEVER || lagMs <= 0) return false;
  return dirty.some(({ firstTimestamp }) => firstTimestamp > 0 && nowMs - firstTimestamp > lagMs);
}

export interface GroupedSegment {
  readonly baseOffset: number;
  readonly size: number;
  readonly offsetIndex: { readonly count: number };
  readonly timeIndex: { readonly count: number };
}

const MAX_INT32 = 0x7fff_ffff;
const OFFSET_ENTRY_BYTES = 8;
const TIME_ENTRY_BYTES = 12;
/** Every segment of a group is renamed in one go: more would stop the event loop for too long. */
const MOST_IN_GROUP = 64;

/** Neighbouring segments that fit one file together, as many as possible. `endOffset` is where the last one ends. */
export function groupSegments<T extends GroupedSegment>(
  segments: readonly T[],
  config: LogConfig,
  endOffset: number,
): T[][] {
  const groups: T[][] = [];
  let group: T[] = [];
  let bytes = 0;
  let indexEntries = 0;
  let timeIndexEntries = 0;
  for (const [i, segment] of segments.entries()) {
    const next = i + 1 < segments.length ? segments[i + 1].baseOffset : endOffset;
    const fits =
      group.length > 0 &&
      group.length < MOST_IN_GROUP &&
      bytes + segment.size <= config.segmentBytes &&
      (indexEntries + segment.offsetIndex.count) * OFFSET_ENTRY_BYTES <= config.segmentIndexBytes &&
      (timeIndexEntries + segment.timeIndex.count) * TIME_ENTRY_BYTES <= config.segmentIndexBytes &&
      next - 1 - group[0].baseOffset <= MAX_INT32;
    if (!fits) {
      groups.push((group = []));
      bytes = indexEntries = timeIndexEntries = 0;
    }
    group.push(segment);
    bytes += segment.size;
    indexEntries += segment.offsetIndex.count;
    timeIndexEntries += segment.timeIndex.count;
  }
  return groups;
}
