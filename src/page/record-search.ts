/**
 * The records of a topic over all its partitions, merged by their time: the newest first, or onwards from somewhere. It works in
 * slices between the broker's requests, and ends when it has enough, has searched long enough, or nobody waits any more.
 */
import { nextTurn, systemClock } from '../platform/clock.ts';
import type { MessageMatch } from '../insight/message-query.ts';
import { abortedIn, type Batch, type Partition } from '../testing/visible-batches.ts';
import type { RecordRow, RecordState } from './frames.ts';
import { CursorMessage, rowOf } from './record-row.ts';

export interface SearchOptions {
  readonly partitions: readonly Partition[];
  readonly direction: 'newest' | 'onwards';
  /** By partition: with 'newest' the end of what is to be read, else its beginning. */
  readonly positions: ReadonlyMap<number, number>;
  /** Null: every record. */
  readonly match: MessageMatch | null;
  readonly limit: number;
  readonly isCancelled: () => boolean;
  /** How what is found is shown; as it is, unless given. */
  readonly rowOf?: typeof rowOf;
}

export interface SearchResult {
  readonly rows: readonly RecordRow[];
  /** Where the next search goes on; null where nothing is left. */
  readonly positions: ReadonlyMap<number, number> | null;
  readonly searched: number;
}

/** So long a slice holds up the broker. */
const SLICE_MS = 5;
/** So long one search takes at most: whoever wants more asks again, from where it ended. */
const LONGEST_MS = 1000;
/** Offsets that are read at once, at least and at most. */
const WINDOW = { first: 64, largest: 1024 };

/** What was found, made a row where it is shown. */
interface Found {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly row: () => RecordRow;
}

/** How far one partition has been read, and what was found in it. */
class Progress {
  readonly partition: Partition;
  readonly #isDown: boolean;
  readonly #beginning: number;
  position: number;
  window: number;
  readonly found: Found[] = [];

  constructor(partition: Partition, isDown: boolean, position: number | undefined, limit: number) {
    const { logStartOffset: start, highWatermark: end } = partition;
    this.partition = partition;
    this.#isDown = isDown;
    this.#beginning = isDown ? Math.min(position ?? end, end) : Math.max(position ?? start, start);
    this.position = this.#beginning;
    this.window = Math.max(WINDOW.first, Math.min(limit, WINDOW.largest));
  }

  /** The offsets to read next; null where there are none left. */
  next(): { readonly from: number; readonly upTo: number } | null {
    const { logStartOffset: start, highWatermark: end } = this.partition;
    const from = this.#isDown ? Math.max(start, this.position - this.window) : Math.max(start, this.position);
    const upTo = this.#isDown ? this.position : Math.min(end, from + this.window);
    if (from >= upTo) return null;
    this.position = this.#isDown ? from : upTo;
    this.window = Math.min(WINDOW.largest, this.window * 2);
    return { from, upTo };
  }

  get isDone(): boolean {
    const { logStartOffset: start, highWatermark: end } = this.partition;
    return this.#isDown ? this.position <= start : this.position >= end;
  }

  /** Where to go on when `taken` of what was found are shown: in front of the first that is not. */
  after(taken: ReadonlySet<Found>): number {
    const left = this.found.filter((one) => !taken.has(one)).map(({ offset }) => offset);
    if (left.length === 0) return this.position;
    return this.#isDown ? left.reduce((a, b) => Math.max(a, b)) + 1 : left.reduce((a, b) => Math.min(a, b));
  }
}

export async function searchRecords(options: SearchOptions): Promise<SearchResult> {
  const { partitions, direction, positions, limit, isCancelled } = options;
  const isDown = direction === 'newest';
  const all = partitions.map((partition) => new Progress(partition, isDown, positions.get(partition.index), limit));
  const endMs = systemClock.monotonic() + LONGEST_MS;
  let sliceMs = systemClock.monotonic() + SLICE_MS;
  let searched = 0;
  for (let isWorking = true; isWorking && systemClock.monotonic() < endMs && !isCancelled();) {
    isWorking = false;
    for (const progress of all) {
      if (progress.found.length >= limit) continue;
      const window = progress.next();
      if (window === null) continue;
      isWorking = true;
      searched += read(progress, window, options.match, options.rowOf ?? rowOf);
      if (systemClock.monotonic() < sliceMs) continue;
      await nextTurn();
      sliceMs = systemClock.monotonic() + SLICE_MS;
    }
  }
  const order = isDown ? -1 : 1;
  const shown = all
    .flatMap(({ found }) => found)
    .sort((a, b) => order * (a.timestamp - b.timestamp || a.partition - b.partition || a.offset - b.offset))
    .slice(0, limit);
  const taken = new Set(shown);
  const isAtEnd = all.every((progress) => progress.isDone && progress.found.every((one) => taken.has(one)));
  const next = new Map(all.map((progress) => [progress.partition.index, progress.after(taken)]));
  return { rows: shown.map(({ row }) => row()), positions: isAtEnd ? null : next, searched };
}

/** Adds what fits; answers how many records were looked at. */
function read(
  progress: Progress,
  { from, upTo }: { from: number; upTo: number },
  match: MessageMatch | null,
  show: typeof rowOf,
): number {
  const { partition, found } = progress;
  const isAborted = abortedIn(partition, from, upTo);
  let count = 0;
  for (const batch of partition.batches(from, partition.highWatermark)) {
    if (batch.baseOffset >= upTo) break;
    const state = stateOf(batch, partition, isAborted);
    const { compression, producerId } = batch;
    const message = new CursorMessage(partition.index, batch.cursor());
    while (message.next()) {
      const { offset } = message;
      if (offset < from || offset >= upTo) continue;
      count++;
      if (match !== null && !match(message)) continue;
      const { record } = message;
      found.push({
        partition: partition.index,
        offset,
        timestamp: record.timestamp,
        row: () => show(partition.index, record, { state, compression, producerId }),
      });
    }
  }
  return count;
}

function stateOf(batch: Batch, partition: Partition, isAborted: (batch: Batch) => boolean): RecordState {
  if (batch.isControl) return 'marker';
  if (!batch.isTransactional) return 'committed';
  if (isAborted(batch)) return 'aborted';
  return batch.baseOffset >= partition.lastStableOffset ? 'open' : 'committed';
}
