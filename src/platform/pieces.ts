/**
 * Work in pieces: a generator that pauses where others may have their turn, and returns what it came to. What a client can make long
 * is written like this, however short it mostly is: where nobody has to wait, it runs to its end at once, and what is short by the
 * helpers here is done when they return.
 */
export type Pieces<T> = IterableIterator<void, T, void>;

/** Of a list, done between two pauses: a few tens of microseconds for most of what is done with an element. */
const A_PIECE = 16;

/** Work that is done. */
class Done<T> implements IterableIterator<void, T, void> {
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }

  next(): IteratorReturnResult<T> {
    return { done: true, value: this.value };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

const NOTHING: Pieces<void> = new Done(undefined);

export function isPieces(value: unknown): value is Pieces<unknown> {
  return typeof (value as Partial<Pieces<unknown>> | null | undefined)?.next === 'function';
}

/** All of it at once. */
export function finish<T>(pieces: Pieces<T>): T {
  for (;;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
  }
}

/** What `work` comes to, where it is not its outcome already. */
export function inPieces<T>(work: T | Pieces<T>): Pieces<T> {
  return isPieces(work) ? work : new Done(work);
}

/** What `use` makes of what the pieces come to; at once where they are done. */
export function whenDone<T, U>(pieces: Pieces<T>, use: (value: T) => U | Pieces<U>): Pieces<U> {
  return pieces instanceof Done ? inPieces(use(pieces.value as T)) : useInPieces(pieces, use);
}

function* useInPieces<T, U>(pieces: Pieces<T>, use: (value: T) => U | Pieces<U>): Pieces<U> {
  return yield* inPieces(use(yield* pieces));
}

/** What `map` makes of each of `list`, in order, at once or in pieces of its own. */
export function mapInPieces<T, U>(list: Iterable<T>, map: (item: T, index: number) => U | Pieces<U>): Pieces<U[]> {
  const mapped: U[] = [];
  return whenDone(
    eachInPieces(list, (item) => take(map(item, mapped.length), (made) => void mapped.push(made))),
    () => mapped,
  );
}

/** The same where `map` makes several, or none, of each. */
export function flatMapInPieces<T, U>(
  list: Iterable<T>,
  map: (item: T) => readonly U[] | Pieces<readonly U[]>,
): Pieces<U[]> {
  const mapped: U[] = [];
  const keep = (made: readonly U[]): void => {
    for (const one of made) mapped.push(one);
  };
  return whenDone(
    eachInPieces(list, (item) => take(map(item), keep)),
    () => mapped,
  );
}

/** Those of which `isKept` says so. */
export function filterInPieces<T>(list: Iterable<T>, isKept: (item: T) => boolean): Pieces<T[]> {
  return flatMapInPieces(list, (item) => (isKept(item) ? [item] : []));
}

/** What `keyOf` makes of each, once. */
export function setInPieces<T, K>(list: Iterable<T>, keyOf: (item: T) => K): Pieces<Set<K>> {
  const set = new Set<K>();
  return whenDone(
    eachInPieces(list, (item) => void set.add(keyOf(item))),
    () => set,
  );
}

/** How often `keyOf` makes what of them. */
export function countInPieces<T, K>(list: Iterable<T>, keyOf: (item: T) => K): Pieces<Map<K, number>> {
  const counts = new Map<K, number>();
  const count = (item: T): void => {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return whenDone(eachInPieces(list, count), () => counts);
}

/** `visit` for each of `list`, at once or in pieces of its own; with pauses where the list is long. */
export function eachInPieces<T>(list: Iterable<T>, visit: (item: T) => void | Pieces<void>): Pieces<void> {
  const left = list[Symbol.iterator]();
  for (let visited = 0; visited < A_PIECE; visited++) {
    const next = left.next();
    if (next.done === true) return NOTHING;
    const visiting = visit(next.value);
    if (isUndone(visiting)) return visitOn(left, visit, visiting);
  }
  return visitOn(left, visit, NOTHING);
}

function* visitOn<T>(left: Iterator<T>, visit: (item: T) => void | Pieces<void>, begun: Pieces<void>): Pieces<void> {
  yield* begun;
  yield;
  for (let visited = 1; ; visited++) {
    const next = left.next();
    if (next.done === true) return;
    const visiting = visit(next.value);
    if (isUndone(visiting)) yield* visiting;
    if (visited % A_PIECE === 0) yield;
  }
}

function isUndone(work: void | Pieces<void>): work is Pieces<void> {
  return isPieces(work) && !(work instanceof Done);
}

/** Gives `use` the outcome. */
function take<T>(made: T | Pieces<T>, use: (outcome: T) => void): void | Pieces<void> {
  if (!isPieces(made)) return use(made);
  return whenDone(made, use);
}

/** Sorted in pieces at once, and merged with pauses. */
const SORTED_AT_ONCE = 1024;

/** A sorted copy; what is equal stays in its order. */
export function* sortInPieces<T>(list: readonly T[], compare: (a: T, b: T) => number): Pieces<T[]> {
  if (list.length <= SORTED_AT_ONCE) return list.toSorted(compare);
  const middle = Math.floor(list.length / 2);
  const left = yield* sortInPieces(list.slice(0, middle), compare);
  yield;
  const right = yield* sortInPieces(list.slice(middle), compare);
  const merged: T[] = [];
  for (let i = 0, j = 0; merged.length < list.length;) {
    const isLeft = j === right.length || (i < left.length && compare(left[i], right[j]) <= 0);
    merged.push(isLeft ? left[i++] : right[j++]);
    if (merged.length % SORTED_AT_ONCE === 0) yield;
  }
  return merged;
}
