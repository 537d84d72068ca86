/**
 * Ranges of offsets in order, none over another, of which each says something of its offsets. Neighbours that say the same are
 * one range, so that a list is as long as what it tells is varied. Pure.
 */

/** Both ends are part of it. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Up to so many are put into a list in place; for more of them a new one is made. */
const MOST_SPLICED = 8;

export class RangeList<R extends Range> {
  #ranges: R[] = [];
  /** What was looked for last is mostly looked for again. */
  #lastFound = 0;
  readonly #isAlike: (a: R, b: R) => boolean;
  readonly #counted: (range: R, sign: 1 | -1) => void;

  /** `isAlike` says whether two neighbours can be one; `counted` is told of what comes into the list (1) and leaves it (-1). */
  constructor(isAlike: (a: R, b: R) => boolean, counted: (range: R, sign: 1 | -1) => void = () => {}) {
    this.#isAlike = isAlike;
    this.#counted = counted;
  }

  get length(): number {
    return this.#ranges.length;
  }

  /** In order. Another list after each change. */
  get all(): readonly R[] {
    return this.#ranges;
  }

  at(index: number): R {
    return this.#ranges[index];
  }

  /** Of the range that holds the offset, or else of the first above it; `length` where there is none. */
  indexOf(offset: number): number {
    const { length } = this.#ranges;
    const found = this.#lastFound;
    const isBehind = found <= length && (found === 0 || this.#ranges[found - 1].last < offset);
    if (isBehind && (found === length || this.#ranges[found].last >= offset)) return found;
    return (this.#lastFound = this.#search(offset));
  }

  #search(offset: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle].last < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether two can be kept as one: the second begins where the first ends, and says the same. */
  isOne(before: R, range: R): boolean {
    return before.last + 1 === range.first && this.#isAlike(before, range);
  }

  /** Puts ranges, in order, in the place of whatever is there. */
  put(changes: readonly R[]): void {
    if (changes.length === 0) return;
    const from = Math.max(0, this.indexOf(changes[0].first) - 1);
    const to = Math.min(this.#ranges.length, this.#endOf(from, changes[changes.length - 1].last) + 1);
    const merged: R[] = [];
    let next = 0;
    for (let i = from; i < to; i++) {
      const range = this.#ranges[i];
      let at = Math.max(range.first, (merged.at(-1)?.last ?? -1) + 1);
      for (; next < changes.length && changes[next].first <= range.last; next++) {
        const change = changes[next];
        if (change.first > at) this.#push(merged, cut(range, at, change.first - 1));
        this.#push(merged, change);
        at = Math.max(at, change.last + 1);
      }
      if (at <= range.last) this.#push(merged, cut(range, at, range.last));
    }
    for (; next < changes.length; next++) this.#push(merged, changes[next]);
    this.#replace(from, to, merged);
  }

  /** Behind the last range that a change up to this offset touches. Mostly it is near. */
  #endOf(from: number, last: number): number {
    for (let at = from; at < from + MOST_SPLICED; at++) {
      if (at >= this.#ranges.length || this.#ranges[at].last >= last) return at + 1;
    }
    return this.#search(last) + 1;
  }

  /** The same ranges in a list of their own; who counts these counts that one's changes too. */
  copy(): RangeList<R> {
    const copy = new RangeList<R>(this.#isAlike, this.#counted);
    copy.#ranges = this.#ranges.slice();
    return copy;
  }

  /** Takes away the first `count` of them. */
  drop(count: number): void {
    if (count > 0) this.#replace(0, count, []);
  }

  /** Takes away what lies before the offset. */
  dropBefore(offset: number): void {
    if (this.#ranges.length === 0 || this.#ranges[0].first >= offset) return;
    this.drop(this.indexOf(offset));
    if (this.#ranges.length > 0) this.#replace(0, 1, [cut(this.#ranges[0], offset, Infinity)]);
  }

  #replace(from: number, to: number, ranges: readonly R[]): void {
    for (let i = from; i < to; i++) this.#counted(this.#ranges[i], -1);
    for (const range of ranges) this.#counted(range, 1);
    if (ranges.length > MOST_SPLICED) {
      this.#ranges = [...this.#ranges.slice(0, from), ...ranges, ...this.#ranges.slice(to)];
      return;
    }
    const stay = Math.min(to - from, ranges.length);
    for (let i = 0; i < stay; i++) this.#ranges[from + i] = ranges[i];
    if (from + stay < to) this.#ranges.splice(from + stay, to - from - stay);
    // A range that comes apart in its middle becomes three: two more, for which what lies behind moves once.
    for (let i = stay; i < ranges.length; i += 2) {
      if (i + 1 < ranges.length) this.#ranges.splice(from + i, 0, ranges[i], ranges[i + 1]);
      else this.#ranges.splice(from + i, 0, ranges[i]);
    }
  }

  #push(ranges: R[], range: R): void {
    const before = ranges.at(-1);
    if (before !== undefined && this.isOne(before, range)) ranges[ranges.length - 1] = { ...before, last: range.last };
    else ranges.push(range);
  }
}

/** What lies within; the range itself where all of it does. */
export function cut<R extends Range>(range: R, first: number, last: number): R {
  if (range.first >= first && range.last <= last) return range;
  return { ...range, first: Math.max(range.first, first), last: Math.min(range.last, last) };
}
