/** Reads partitions of __consumer_offsets in slices, so that requests are answered while many records are read. */
import type { DecodedBatch, Record } from '../../protocol/records/decode.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { GroupPartition } from './group-partition.ts';
import { replayPieces } from './replay-log.ts';

export interface ReplayedLog {
  /** Hands over every record from the log's start to its end, oldest first, and pauses after each piece of it. */
  recordPieces(visit: (record: Record, batch: DecodedBatch) => void): Iterator<void>;
}

/** Requests that come meanwhile wait this long at most, and as long as one piece takes. */
const SLICE_MS = 10;
/** A partition that comes this long after a slice begins one of its own. */
const REST_MS = 100;

/** One partition under way: whoever asks for its groups is told COORDINATOR_LOAD_IN_PROGRESS. */
export class GroupLoad {
  readonly at: GroupPartition;
  /** Topics deleted since the load began: what it has read of them, or reads yet, counts no more. */
  readonly deletedTopics: string[] = [];
  readonly pieces: Iterator<void>;

  constructor(at: GroupPartition, log: ReplayedLog, unknown: (kind: number) => void) {
    this.at = at;
    this.pieces = replayPieces(log, at, unknown);
  }
}

export class GroupLoader {
  readonly #clock: Clock;
  readonly #loaded: (load: GroupLoad) => void;
  readonly #failed: (load: GroupLoad, error: unknown) => void;
  readonly #queue: GroupLoad[] = [];
  #untilMs = -Infinity;
  #next: Timer | null = null;

  /** Each load ends in one of the two calls, unless it is cancelled before. */
  constructor(clock: Clock, loaded: (load: GroupLoad) => void, failed: (load: GroupLoad, error: unknown) => void) {
    this.#clock = clock;
    this.#loaded = loaded;
    this.#failed = failed;
  }

  /** A small partition is there when this returns; of a large one, or of many, the rest comes between requests. */
  start(load: GroupLoad): void {
    this.#queue.push(load);
    if (this.#next !== null) return;
    const nowMs = this.#clock.monotonic();
    if (nowMs >= this.#untilMs + REST_MS) this.#untilMs = nowMs + SLICE_MS;
    this.#run();
  }

  cancel(load: GroupLoad): void {
    const index = this.#queue.indexOf(load);
    if (index !== -1) this.#queue.splice(index, 1);
  }

  stop(): void {
    this.#queue.length = 0;
    this.#next?.cancel();
    this.#next = null;
  }

  #run(): void {
    while (this.#queue.length > 0 && this.#clock.monotonic() < this.#untilMs) this.#readPiece(this.#queue[0]);
    this.#next = this.#queue.length === 0 ? null : this.#clock.after(0, () => this.#slice());
  }

  #slice(): void {
    this.#untilMs = this.#clock.monotonic() + SLICE_MS;
    this.#run();
  }

  #readPiece(load: GroupLoad): void {
    try {
      if (load.pieces.next().done !== true) return;
    } catch (error) {
      this.cancel(load);
      return this.#failed(load, error);
    }
    this.cancel(load);
    this.#loaded(load);
  }
}
