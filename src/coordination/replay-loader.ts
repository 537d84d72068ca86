/** Reads the logs that coordinators keep their state in, in slices, so that requests are answered while many records are read. */
import type { DecodedBatch, Record } from '../../protocol/records/decode.ts';
import type { Clock, Timer } from '../platform/clock.ts';

export interface ReplayedLog {
  /** Hands over every record from the log's start to its end, oldest first, and pauses after each piece of it. */
  recordPieces(visit: (record: Record, batch: DecodedBatch) => void): Iterator<void>;
}

/** One partition under way: whoever asks for what is in it is told COORDINATOR_LOAD_IN_PROGRESS. */
export interface ReplayLoad {
  /** Each turn replays one piece of the log. */
  readonly pieces: Iterator<void>;
}

/** Requests that come meanwhile wait this long at most, and as long as one piece takes. */
const SLICE_MS = 10;
/** A partition that comes this long after a slice begins one of its own. */
const REST_MS = 100;

export class ReplayLoader<L extends ReplayLoad> {
  readonly #clock: Clock;
  readonly #loaded: (load: L) => void;
  readonly #failed: (load: L, error: unknown) => void;
  readonly #queue: L[] = [];
  #untilMs = -Infinity;
  #next: Timer | null = null;

  /** Each load ends in one of the two calls, unless it is cancelled before. */
  constructor(clock: Clock, loaded: (load: L) => void, failed: (load: L, error: unknown) => void) {
    this.#clock = clock;
    this.#loaded = loaded;
    this.#failed = failed;
  }

  /** A small partition is there when this returns; of a large one, or of many, the rest comes between requests. */
  start(load: L): void {
    this.#queue.push(load);
    if (this.#next !== null) return;
    const nowMs = this.#clock.monotonic();
    if (nowMs >= this.#untilMs + REST_MS) this.#untilMs = nowMs + SLICE_MS;
    this.#run();
  }

  cancel(load: L): void {
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

  #readPiece(load: L): void {
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
