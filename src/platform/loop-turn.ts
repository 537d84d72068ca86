/**
 * Shares the event loop's turns among all that clients ask for, so that none lasts long whatever they ask:
 *
 *     requests as they are read ──▶ what waits for a later turn, in order ──▶ a slice of each lane ──▶ the next turn
 *     └──────────── until the turn is over ───────────────┘
 *
 * The clock is looked at for each piece of work that is not small; small work is added up until it is not.
 */
import type { Clock } from './clock.ts';
import { Lane } from './lane.ts';

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
  #waiting: (() => void)[] = [];
  readonly #lanes: Lane[] = [];
  #isNextDue = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** A piece of work is done that may have been a large one. */
  look(): void {
    const nowMs = this.#clock.monotonic();
    if (this.#begunMs < 0) {
      this.#begunMs = nowMs;
      this.#needNext();
    } else if (nowMs - this.#begunMs >= BUDGET_MS) this.isOver = true;
  }

  /** So many bytes have been looked through. */
  worked(bytes: number): void {
    this.#worked += bytes;
    if (this.#worked < WORTH_A_LOOK_BYTES) return;
    this.#worked = 0;
    this.look();
  }

  /** Runs `run` in a later turn, behind all that wait already: as many of them as fit into a turn, and one at least. */
  later(run: () => void): void {
    this.#waiting.push(run);
    this.#needNext();
  }

  /** For long work of one kind: each lane has a slice of every turn. */
  lane(): Lane {
    const lane = new Lane(this.#clock, () => this.#needNext());
    this.#lanes.push(lane);
    return lane;
  }

  #needNext(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    setImmediate(this.#next);
  }

  readonly #next = (): void => {
    this.#isNextDue = false;
    this.#begunMs = -1;
    this.isOver = false;
    if (this.#waiting.length > 0) this.#runWaiting();
    for (const lane of this.#lanes) lane.slice();
    if (this.#waiting.length > 0 || this.#lanes.some((lane) => lane.isBusy)) this.#needNext();
  };

  #runWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.look();
    let ran = 0;
    while (ran < waiting.length && !this.isOver) {
      waiting[ran++]();
      this.look();
    }
    if (ran < waiting.length) this.#waiting = [...waiting.slice(ran), ...this.#waiting];
  }
}
