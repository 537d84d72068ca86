/**
 * Shares the event loop's turns among all that clients ask for, so that none lasts long whatever they ask:
 *
 *     requests as they are read ──▶ requests, answers and pieces that wait, in order ──▶ a slice of each lane ──▶ the next turn
 *     └──────────────────── until the turn is over ────────────────────┘
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
  /** Requests, answers, pieces of answers. */
  readonly #waiting = [new WaitingRuns(), new WaitingRuns(), new WaitingRuns()] as const;
  readonly #lanes: Lane[] = [];
  #isNextDue = false;
  /** For requests that are large, or take long. */
  readonly requests: Lane;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.requests = this.lane();
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

  /**
   * Runs `run`, which handles what a connection has sent, in a later turn: in the order of the calls, and as many as fit into each turn.
   * Requests, answers and pieces of answers take turns, one of each.
   */
  handleLater(run: () => void): void {
    this.#later(0, run);
  }

  /** The same for an answer that has come: thousands may wait for one record. */
  answerLater(run: () => void): void {
    this.#later(1, run);
  }

  /** The same for a piece of a response. */
  sendLater(run: () => void): void {
    this.#later(2, run);
  }

  #later(kind: 0 | 1 | 2, run: () => void): void {
    this.#waiting[kind].add(run);
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
    if (this.#isAnyWaiting) this.#runWaiting();
    for (const lane of this.#lanes) lane.slice();
    if (this.#isAnyWaiting || this.#lanes.some((lane) => lane.isBusy)) this.#needNext();
  };

  get #isAnyWaiting(): boolean {
    return this.#waiting.some(({ isEmpty }) => !isEmpty);
  }

  /** One of each kind, and again until the turn is over; not those that are added meanwhile. */
  #runWaiting(): void {
    this.look();
    for (const runs of this.#waiting) runs.beginTurn();
    for (let isAnyDue = true; isAnyDue && !this.isOver;) {
      isAnyDue = false;
      for (const runs of this.#waiting) {
        if (!runs.runOne()) continue;
        isAnyDue = true;
        this.look();
      }
    }
  }
}

/** What is to be run, in its order. */
class WaitingRuns {
  #runs: (() => void)[] = [];
  #next = 0;
  #due = 0;

  get isEmpty(): boolean {
    return this.#next === this.#runs.length;
  }

  add(run: () => void): void {
    this.#runs.push(run);
  }

  /** What is added from now on is not due in this turn. */
  beginTurn(): void {
    this.#runs = this.#runs.slice(this.#next);
    this.#next = 0;
    this.#due = this.#runs.length;
  }

  /** False where none is due. */
  runOne(): boolean {
    if (this.#next >= this.#due) return false;
    this.#runs[this.#next++]();
    return true;
  }
}
