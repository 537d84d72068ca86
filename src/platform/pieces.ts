/**
 * Work in pieces: a generator that pauses where others may have their turn, and returns what it came to. What a client can make long
 * is written like this, however short it mostly is: where nobody has to wait, it runs to its end at once.
 */
export type Pieces<T> = Generator<void, T, void>;

/** Of a list, done between two pauses: a few tens of microseconds for most of what is done with an element. */
const A_PIECE = 16;

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
export function* inPieces<T>(work: T | Pieces<T>): Pieces<T> {
  return isPieces(work) ? yield* work : work;
}

/** What `map` makes of each of `list`, in order, at once or in pieces of its own. A short list is one piece. */
export function* mapInPieces<T, U>(list: Iterable<T>, map: (item: T, index: number) => U | Pieces<U>): Pieces<U[]> {
  const mapped: U[] = [];
  let index = 0;
  for (const item of list) {
    const made = map(item, index);
    mapped.push(isPieces(made) ? yield* made : made);
    if (++index % A_PIECE === 0) yield;
  }
  return mapped;
}

/** The same where `map` makes several, or none, of each. */
export function* flatMapInPieces<T, U>(
  list: Iterable<T>,
  map: (item: T, index: number) => readonly U[] | Pieces<readonly U[]>,
): Pieces<U[]> {
  const mapped: U[] = [];
  let index = 0;
  for (const item of list) {
    const made = map(item, index);
    for (const one of isPieces(made) ? yield* made : made) mapped.push(one);
    if (++index % A_PIECE === 0) yield;
  }
  return mapped;
}

/** `visit` for each of `list`. */
export function* eachInPieces<T>(list: Iterable<T>, visit: (item: T) => void): Pieces<void> {
  let index = 0;
  for (const item of list) {
    visit(item);
    if (++index % A_PIECE === 0) yield;
  }
}

/** What `keyOf` makes of each, once. */
export function* setInPieces<T, K>(list: Iterable<T>, keyOf: (item: T) => K): Pieces<Set<K>> {
  const set = new Set<K>();
  yield* eachInPieces(list, (item) => void set.add(keyOf(item)));
  return set;
}

/** How often `keyOf` makes what of them. */
export function* countInPieces<T, K>(list: Iterable<T>, keyOf: (item: T) => K): Pieces<Map<K, number>> {
  const counts = new Map<K, number>();
  yield* eachInPieces(list, (item) => {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return counts;
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
