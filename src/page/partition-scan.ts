/**
 * Goes through the records of one partition, upwards or downwards, a window at a time. A batch is read once: a window downwards begins
 * where a batch does.
 */
import { PIECE_BYTES, type MessageSearch } from '../insight/message-search.ts';
import { abortedIn, type Batch, type Partition } from '../testing/visible-batches.ts';
import type { RecordRow, RecordState } from './frames.ts';
import { CursorMessage, type BatchFacts, type ShowRecord } from './record-row.ts';
import type { Slice } from './slice.ts';

/** Offsets of the first window at most; each further one has twice as many. */
const FIRST_OFFSETS = 128;
/** What a window comes to at most, by the mean size of the partition's records. */
const WINDOW_BYTES = 256 << 10;
/** Records between two looks at the clock. */
const LOOK_EVERY = 256;

/** A record that fits. */
export class Found {
  readonly partition: number;
  readonly offset: number;
  /**
   * The least comes first: the time in milliseconds, or that below zero where the newest come first. It never falls from one record to
   * the next in the order in which they are read, so that those which are shown have none behind them that is not.
   */
  rank: number;
  /** How many records of its window were looked at, up to this one. */
  readonly searched: number;
  #row: RecordRow | (() => RecordRow);

  constructor(message: CursorMessage, rank: number, searched: number, row: () => RecordRow) {
    this.partition = message.partition;
    this.offset = message.offset;
    this.rank = rank;
    this.searched = searched;
    this.#row = row;
  }

  /** Once it is made, nothing is kept of the batch, which may be large. */
  get row(): RecordRow {
    if (typeof this.#row === 'function') this.#row = this.#row();
    return this.#row;
  }
}

export interface ScanOptions {
  readonly isDown: boolean;
  /** Null: every record. */
  readonly match: MessageSearch | null;
  readonly show: ShowRecord;
  /** Records that are kept of a window at most. */
  readonly room: number;
  /** One for all scans of a search: one after the other reads a batch, and is done with it. */
  readonly memory: BatchMemory;
}

/** What batches are read into. */
export class BatchMemory {
  #bytes = Buffer.alloc(0);

  of(size: number): Buffer {
    if (size > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(size);
    return this.#bytes;
  }
}

/** What is found in one window: upwards the first ones are kept, downwards the last ones. */
class Window {
  searched = 0;
  /** Of the record next to what is not read yet. */
  rank = NaN;
  found: Found[] = [];
  /** Where the next window begins or ends, if this one had no room for all of it. */
  cutAt: number | null = null;
  /** Offsets to be read: what a batch has besides them is passed over. */
  readonly low: number;
  readonly high: number;
  readonly #options: ScanOptions;

  constructor(low: number, high: number, options: ScanOptions) {
    this.low = low;
    this.high = high;
    this.#options = options;
  }

  /** A record that has been looked at, and whether it fits. */
  note(message: CursorMessage, fits: boolean, facts: BatchFacts): void {
    const { isDown, show, room } = this.#options;
    const rank = isDown ? -message.timestamp : message.timestamp;
    this.searched++;
    if (!isDown || this.searched === 1) this.rank = rank;
    if (!fits) return;
    const { record } = message;
    this.found.push(new Found(message, rank, this.searched, () => show(message.partition, record, facts)));
    if (isDown && this.found.length >= 2 * room) this.#cut();
    if (!isDown && this.found.length >= room) this.cutAt = message.offset + 1;
  }

  /** Behind a batch. */
  settle(): void {
    if (this.found.length > this.#options.room) this.#cut();
    for (const found of this.found) void found.row;
  }

  #cut(): void {
    this.found = this.found.slice(-this.#options.room);
    this.cutAt = this.found[0].offset;
  }
}

export class PartitionScan {
  readonly partition: Partition;
  /** In the order in which they were read. */
  readonly found: Found[] = [];
  /** What is not read yet has this rank at least, where timestamps rise with offsets. */
  reached = -Infinity;
  searched = 0;
  /** Of what was found last. */
  #rank = -Infinity;
  #position: number;
  #offsets: number;
  readonly #mostOffsets: number;
  readonly #options: ScanOptions;

  /** `position`: downwards the end of what is to be read, else its beginning; all of the partition unless given. */
  constructor(partition: Partition, position: number | undefined, options: ScanOptions) {
    const { logStartOffset: start, highWatermark: end, size } = partition;
    this.partition = partition;
    this.#options = options;
    this.#position = options.isDown ? Math.min(position ?? end, end) : Math.max(position ?? start, start);
    this.#mostOffsets = Math.max(1, Math.ceil((WINDOW_BYTES * (end - start)) / Math.max(1, size)));
    this.#offsets = Math.min(FIRST_OFFSETS, this.#mostOffsets);
  }

  get isDone(): boolean {
    const { logStartOffset: start, highWatermark: end } = this.partition;
    return this.#options.isDown ? this.#position <= start : this.#position >= end;
  }

  /** Where to go on when `taken` of what was found are shown: in front of the first that is not. */
  after(taken: ReadonlySet<Found>): number {
    const left = this.found.find((one) => !taken.has(one));
    if (left === undefined) return this.#position;
    return this.#options.isDown ? left.offset + 1 : left.offset;
  }

  /** Reads one window, and pauses when the slice is over. Who ends it in a pause has nothing of the window. */
  *read(slice: Slice): Generator<void, void, void> {
    const { isDown } = this.#options;
    const { logStartOffset: start, highWatermark: end } = this.partition;
    const from = Math.max(start, isDown ? this.#position - this.#offsets : this.#position);
    const upTo = Math.min(end, isDown ? this.#position : from + this.#offsets);
    this.#offsets = Math.min(this.#mostOffsets, 2 * this.#offsets);
    const window = new Window(isDown ? start : from, isDown ? upTo : end, this.#options);
    const { base, next } = yield* this.#batches(window, from, upTo, slice);
    this.#position = window.cutAt ?? (isDown ? Math.max(start, base) : next);
    this.#take(window);
  }

  #take({ found, searched, rank }: Window): void {
    const isCutBelow = this.#options.isDown && found.length > 0 && this.#position === found[0].offset;
    this.searched += isCutBelow ? searched - found[0].searched + 1 : searched;
    for (const one of this.#options.isDown ? found.toReversed() : found) {
      this.#rank = one.rank = Math.max(one.rank, this.#rank);
      this.found.push(one);
    }
    const reached = Math.max(isCutBelow ? found[0].rank : rank, this.#rank);
    if (reached > this.reached) this.reached = reached;
  }

  /** Answers where the first batch begins, and what follows the last one. */
  *#batches(
    window: Window,
    from: number,
    upTo: number,
    slice: Slice,
  ): Generator<void, { readonly base: number; readonly next: number }, void> {
    const { partition } = this;
    const isAborted = abortedIn(partition, from, upTo);
    let [base, next] = [from, from];
    for (let isPaused = true; isPaused;) {
      isPaused = false;
      for (const batch of partition.batches(next, partition.highWatermark)) {
        if (batch.baseOffset >= upTo) break;
        base = Math.min(base, batch.baseOffset);
        next = batch.lastOffset + 1;
        yield* this.#records(window, batch, isAborted, slice);
        if (!this.#options.isDown && window.cutAt !== null) break;
        isPaused = slice.isOver && next < upTo;
        if (isPaused) break; // the log may be another one afterwards
      }
      if (isPaused) yield;
    }
    return { base, next: Math.max(next, upTo) };
  }

  *#records(window: Window, batch: Batch, isAborted: (batch: Batch) => boolean, slice: Slice): Generator<void> {
    const { partition } = this;
    const { match, memory } = this.#options;
    const facts = factsOf(batch, partition, isAborted);
    const message = new CursorMessage(partition.index, batch.cursor(memory.of(batch.size)));
    for (let looked = 1; message.next() && message.offset < window.high; looked++) {
      if (looked % LOOK_EVERY === 0 && slice.isOver) yield;
      if (message.offset < window.low) continue;
      const isLong = match !== null && message.size > PIECE_BYTES;
      const fits = isLong ? yield* withPauses(match.fitsLong(message.long), slice) : (match?.fits(message) ?? true);
      window.note(message, fits, facts);
      if (!this.#options.isDown && window.cutAt !== null) break;
    }
    window.settle();
  }
}

/** What it comes to; pauses where the slice is over behind one of its pieces. */
function* withPauses(pieces: Generator<void, boolean, void>, slice: Slice): Generator<void, boolean, void> {
  for (;;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
    if (slice.isOver) yield;
  }
}

function factsOf(batch: Batch, partition: Partition, isAborted: (batch: Batch) => boolean): BatchFacts {
  const { compression, producerId } = batch;
  return { state: stateOf(batch, partition, isAborted), compression, producerId };
}

function stateOf(batch: Batch, partition: Partition, isAborted: (batch: Batch) => boolean): RecordState {
  if (batch.isControl) return 'marker';
  if (!batch.isTransactional) return 'committed';
  if (isAborted(batch)) return 'aborted';
  return batch.baseOffset >= partition.lastStableOffset ? 'open' : 'committed';
}
