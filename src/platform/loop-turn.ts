/**
 * Shares the event loop's turns among all that clients ask for, so that none lasts long whatever they ask:
 *
 *     requests as they are read ──▶ those that wait, in order ──▶ pieces of responses ──▶ a slice of each lane ──▶ the next turn
 *     └─────────────────────── until the turn is over ──────────────────────┘
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
  /** Of responses that leave piece by piece: they are sent when those that wait for an answer have had their turn. */
  #pieces: (() => void)[] = [];
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

  /** Runs `run` in a later turn, behind all that wait already: as many of them as fit into a turn, and one at least. */
  later(run: () => void): void {
    this.#waiting.push(run);
    this.#needNext();
  }

  /** The same for a piece of a response, behind all others; one of them at least. */
  sendLater(run: () => void): void {
    this.#pieces.push(run);
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
    const [waiting, pieces] = [this.#waiting, this.#pieces];
    this.#waiting = [];
    this.#pieces = [];
    if (waiting.length + pieces.length > 0) this.look();
    this.#waiting = join(this.#run(waiting), this.#waiting);
    this.#pieces = join(this.#run(pieces), this.#pieces);
    for (const lane of this.#lanes) lane.slice();
    if (this.#waiting.length + this.#pieces.length > 0 || this.#lanes.some((lane) => lane.isBusy)) this.#needNext();
  };

  /** The first of them, and more until the turn is over; answers those that are left. */
  #run(waiting: readonly (() => void)[]): readonly (() => void)[] {
    let ran = 0;
    while (ran < waiting.length && (ran === 0 || !this.isOver)) {
      waiting[ran++]();
      this.look();
    }
    return waiting.slice(ran);
  }
}

function join<T>(first: readonly T[], behind: T[]): T[] {
  return first.length === 0 ? behind : [...first, ...behind];
}
