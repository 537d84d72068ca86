/**
 * Long work of the page between the broker's requests. All who work stand in one row for the next turn of the event loop: searches of
 * many people hold up the broker no longer at once than one search does.
 */
import { nextTurn, systemClock } from '../platform/clock.ts';

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
