/**
 * Where the last few reads of a log ended. The next fetch of the same consumer begins there, so it needs neither index
 * nor disk to find its place; a consumer at the end of the log never does.
 */
import type { Segment } from './segment.ts';

const SLOTS = 16;

export class PlaceMemo {
  readonly #offsets = new Float64Array(SLOTS).fill(-1);
  readonly #positions = new Float64Array(SLOTS);
  readonly #segments: (Segment | null)[] = Array.from({ length: SLOTS }, () => null);
  #next = 0;

  /** The batch with `offset`, and none before, begins at `position`, or will. */
  add(segment: Segment, offset: number, position: number): void {
    if (offset < 0 || this.find(segment, offset) >= 0) return;
    const slot = this.#next;
    this.#next = (slot + 1) % SLOTS;
    this.#offsets[slot] = offset;
    this.#positions[slot] = position;
    this.#segments[slot] = segment;
  }

  /** The position, or -1. */
  find(segment: Segment, offset: number): number {
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.#offsets[slot] === offset && this.#segments[slot] === segment) return this.#positions[slot];
    }
    return -1;
  }

  /** Must follow every cut and every deletion. */
  clear(): void {
    this.#offsets.fill(-1);
    this.#segments.fill(null);
  }
}
