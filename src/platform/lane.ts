/**
 * Long work of one kind, done in slices between which others have their turn (LoopTurn): one after the other, in the order in which it
 * came, so that what is half done in memory is one piece of work, however much waits.
 */
import type { Clock } from './clock.ts';
import { finish, isPieces, type Pieces } from './pieces.ts';

/** A slice ends when so much time is over, and with it what is done at once where nothing waits. */
const SLICE_MS = 4;
/** What is done at once where others wait: enough for all that is short. */
const STEPS_BEFORE_OTHERS = 2;

interface Task {
  readonly pieces: Pieces<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Of whoever waits for the work: told how to give it up. */
export interface Waits {
  add(cancel: () => void): void;
}

export class Lane {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #needSlice: () => void;
  readonly #tasks = new Set<Task>();

  /** `needSlice` is called when there is work for `slice`. */
  constructor(clock: Pick<Clock, 'monotonic'>, needSlice: () => void) {
    this.#clock = clock;
    this.#needSlice = needSlice;
  }

  get isBusy(): boolean {
    return this.#tasks.size > 0;
  }

  /**
   * What the pieces come to: at once where that is soon, otherwise a promise. Where nobody waits for it any more (`waits`), the rest
   * is left undone, and the promise is never settled.
   */
  run<T>(pieces: Pieces<T>, waits?: Waits): T | Promise<T> {
    const first = pieces.next();
    if (first.done === true) return first.value; // as nearly always
    const untilMs = this.isBusy ? Number.NEGATIVE_INFINITY : this.#clock.monotonic() + SLICE_MS;
    for (let steps = 1; steps < STEPS_BEFORE_OTHERS || this.#clock.monotonic() < untilMs; steps++) {
      const piece = pieces.next();
      if (piece.done === true) return piece.value;
    }
    return new Promise((resolve, reject) => {
      const task: Task = { pieces, resolve, reject };
      this.#tasks.add(task);
      waits?.add(() => void this.#tasks.delete(task));
      this.#needSlice();
    });
  }

  /** The next few milliseconds of its work. */
  slice(): void {
    if (!this.isBusy) return;
    const untilMs = this.#clock.monotonic() + SLICE_MS;
    for (const task of this.#tasks) {
      if (!this.#goOn(task, untilMs)) return;
    }
  }

  /** False when the slice is over. */
  #goOn(task: Task, untilMs: number): boolean {
    try {
      do {
        const piece = task.pieces.next();
        if (piece.done !== true) continue;
        this.#tasks.delete(task);
        task.resolve(piece.value as never);
        return this.#clock.monotonic() < untilMs;
      } while (this.#clock.monotonic() < untilMs);
    } catch (error) {
      this.#tasks.delete(task);
      task.reject(error);
    }
    return false;
  }
}

/** `work` done in `lane`, or at once where there is none, or where it is no work but its outcome already. */
export function runIn<T>(lane: Lane | null, work: T | Pieces<T>, waits?: Waits): T | Promise<T> {
  if (!isPieces(work)) return work;
  return lane === null ? finish(work) : lane.run(work, waits);
}
