/**
 * How long the present turn of the event loop has lasted: work that could go on for ever asks, and leaves the rest to a later turn.
 * The clock is looked at for each piece of work that is not small; small work is added up until it is not.
 */
import type { Clock } from './clock.ts';

/** A turn is over after this, and what is under way. */
const BUDGET_MS = 10;
/** Bytes that are worth a look at the clock: to check so many takes a few milliseconds at most. */
const WORTH_A_LOOK_BYTES = 512 * 1024;

/** As it was when the process began: a test that fakes its timers must not stop a broker beside it. */
const { setImmediate } = globalThis;

export class LoopTurn {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When it was looked at first; -1 in a turn that has not been looked at. */
  #begunMs = -1;
  #worked = 0;
  /** Whoever has more to do leaves it to the next turn. */
  isOver = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** A piece of work is done that may have been a large one. */
  look(): void {
    const nowMs = this.#clock.monotonic();
    if (this.#begunMs < 0) {
      this.#begunMs = nowMs;
      setImmediate(this.#end);
    } else if (nowMs - this.#begunMs >= BUDGET_MS) this.isOver = true;
  }

  /** So many bytes have been looked through. */
  worked(bytes: number): void {
    this.#worked += bytes;
    if (this.#worked < WORTH_A_LOOK_BYTES) return;
    this.#worked = 0;
    this.look();
  }

  readonly #end = (): void => {
    this.#begunMs = -1;
    this.isOver = false;
  };
}
