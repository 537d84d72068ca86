/**
 * The records of a topic over all its partitions, merged by their time: the newest first, or onwards from somewhere. It always goes on
 * in the partition that has come least far in time, works in slices between the broker's requests, and ends when it has enough, has
 * searched long enough, or nobody waits any more.
 */
import { systemClock } from '../platform/clock.ts';
import type { MessageSearch } from '../insight/message-search.ts';
import type { Partition } from '../testing/visible-batches.ts';
import type { RecordRow } from './frames.ts';
import { BatchMemory, PartitionScan } from './partition-scan.ts';
import { rowOf, type ShowRecord } from './record-row.ts';
import { Slice } from './slice.ts';

export interface SearchOptions {
  readonly partitions: readonly Partition[];
  readonly direction: 'newest' | 'onwards';
  /** By partition: with 'newest' the end of what is to be read, else its beginning. */
  readonly positions: ReadonlyMap<number, number>;
  /** Null: every record. */
  readonly match: MessageSearch | null;
  readonly limit: number;
  readonly isCancelled: () => boolean;
  /** How what is found is shown; as it is, unless given. */
  readonly rowOf?: ShowRecord;
}

export interface SearchResult {
  readonly rows: readonly RecordRow[];
  /** Where the next search goes on; null where nothing is left. */
  readonly positions: ReadonlyMap<number, number> | null;
  readonly searched: number;
}

type Place = Pick<RecordRow, 'partition' | 'offset'>;

/** So long one search takes at most, and its last window: whoever wants more asks again, from where it ended. */
const LONGEST_MS = 1000;
/** Of each partition a few more than are needed where all have as many. */
const LEAST_ROOM = 16;

export async function searchRecords(options: SearchOptions): Promise<SearchResult> {
  const { partitions, direction, positions, limit, match, isCancelled } = options;
  const isDown = direction === 'newest';
  const room = Math.min(limit, Math.max(LEAST_ROOM, Math.ceil((2 * limit) / Math.max(1, partitions.length))));
  const scanOptions = { isDown, match, room, show: options.rowOf ?? rowOf, memory: new BatchMemory() };
  const scans = partitions.map(
    (partition) => new PartitionScan(partition, positions.get(partition.index), scanOptions),
  );
  const slice = new Slice();
  await slice.next();
  const endMs = systemClock.monotonic() + LONGEST_MS;
  for (let scan = furthestBack(scans); scan !== null; scan = furthestBack(scans)) {
    if (hasEnough(scans, scan.reached, limit) || isCancelled() || systemClock.monotonic() >= endMs) break;
    for (const steps = scan.read(slice); steps.next().done !== true && !isCancelled();) await slice.next();
    if (slice.isOver) await slice.next();
  }
  return resultOf(scans, limit, isDown);
}

/** Which has come least far in time; null where all have been read. */
function furthestBack(scans: readonly PartitionScan[]): PartitionScan | null {
  let found: PartitionScan | null = null;
  for (const scan of scans) if (!scan.isDone && (found === null || scan.reached < found.reached)) found = scan;
  return found;
}

/** Whether nothing that is not read yet comes before the last one that is to be shown. */
function hasEnough(scans: readonly PartitionScan[], reached: number, limit: number): boolean {
  if (reached === -Infinity) return false;
  let count = 0;
  for (const { found } of scans) for (const { rank } of found) if (rank <= reached) count++;
  return count >= limit;
}

function resultOf(scans: readonly PartitionScan[], limit: number, isDown: boolean): SearchResult {
  const order = isDown ? -1 : 1;
  const byPlace = (a: Place, b: Place): number => order * (a.partition - b.partition || a.offset - b.offset);
  const shown = scans
    .flatMap(({ found }) => found)
    .sort((a, b) => a.rank - b.rank || byPlace(a, b))
    .slice(0, limit);
  const taken = new Set(shown);
  const isAtEnd = scans.every((scan) => scan.isDone && scan.found.every((one) => taken.has(one)));
  return {
    rows: shown.map(({ row }) => row).sort((a, b) => order * (a.timestamp - b.timestamp) || byPlace(a, b)),
    positions: isAtEnd ? null : new Map(scans.map((scan) => [scan.partition.index, scan.after(taken)])),
    searched: scans.reduce((sum, scan) => sum + scan.searched, 0),
  };
}
