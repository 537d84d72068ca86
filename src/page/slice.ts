/**
 * Long work of the page between the broker's requests. All who work stand in one row for the next turn of the event loop: searches of
 * many people hold up the broker no longer at once than one search does.
 */
import { nextTurn, systemClock } from '../platform/clock.ts';
import type { Pieces } from '../platform/pieces.ts';

/** So long a slice holds up the broker. */
const SLICE_MS = 5;

/** The turn of who stands last. */
let last: Promise<void> = Promise.resolve();

export class Slice {
  #untilMs = 0;

  get isOver(): boolean {
    return systemClock.monotonic() >= this.#untilMs;
  }

  /** Settles when it is this one's turn, which begins then. */
  async next(): Promise<void> {
    last = last.then(nextTurn);
    await last;
    this.#untilMs = systemClock.monotonic() + SLICE_MS;
  }
}

/** What the work comes to, done between the broker's requests, and how long it took without what came between. */
export async function inSlices<T>(work: Pieces<T>): Promise<{ readonly value: T; readonly tookMs: number }> {
  const slice = new Slice();
  for (let tookMs = 0; ;) {
    await slice.next();
    const beganMs = systemClock.monotonic();
    let piece = work.next();
    while (piece.done !== true && !slice.isOver) piece = work.next();
    tookMs += systemClock.monotonic() - beganMs;
    if (piece.done === true) return { value: piece.value, tookMs };
  }
}
