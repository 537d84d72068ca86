/**
 * A map with a copy that costs next to nothing, however many entries there are: copies share their parts, and a change copies the part
 * that it is made in. Its entries are in no order. PURE.
 */

/** Up to so many entries a map is copied as a whole. */
const SMALL = 256;
/** There are four times as many parts once each has so many entries, on the average: a commit changes a hundred topics of ten thousand. */
const FULL_PART = 16;
const GROWTH = 4;

/** A copy that may be written to: of a small map another Map, of a large one a map that shares its entries with it. */
export function writableCopy<Value>(map: ReadonlyMap<string, Value>): Map<string, Value> | SharingMap<Value> {
  const isSmall = !(map instanceof SharingMap) && map.size <= SMALL;
  return isSmall ? new Map(map) : SharingMap.copyOf(map);
}

/** All entries that differ between the two, side by side: of maps that share parts, those parts alone that they do not share. */
export function differingParts<Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): readonly (readonly [ReadonlyMap<string, Value>, ReadonlyMap<string, Value>])[] {
  const haveParts = before instanceof SharingMap && after instanceof SharingMap;
  return (haveParts ? (after as SharingMap<Value>).differingFrom(before) : null) ?? [[before, after]];
}

/** Entries in the order in which their keys came. A change of values alone, as nearly all are, copies `values` and shares `slots`. */
interface Part<Value> {
  /** Where the value of a key stands in `values`. */
  readonly slots: Map<string, number>;
  readonly values: Value[];
}

/** What of a part no other map has. */
const Own = { nothing: 0, values: 1, all: 2 } as const;

export class SharingMap<Value> implements ReadonlyMap<string, Value> {
  #parts: Part<Value>[];
  /** Of each part, see Own. */
  #own: number[];
  #size: number;

  private constructor(parts: Part<Value>[], own: number[], size: number) {
    this.#parts = parts;
    this.#own = own;
    this.#size = size;
  }

  /** What is changed in either of the two from now on the other one does not have. */
  static copyOf<Value>(map: ReadonlyMap<string, Value>): SharingMap<Value> {
    if (map instanceof SharingMap) return (map as SharingMap<Value>).#share();
    const copy = new SharingMap<Value>([emptyPart()], [Own.all], 0);
    for (const [key, value] of map) copy.set(key, value);
    return copy;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    const { slots, values } = this.#parts[this.#partOf(key)];
    const slot = slots.get(key);
    return slot === undefined ? undefined : values[slot];
  }

  has(key: string): boolean {
    return this.#parts[this.#partOf(key)].slots.has(key);
  }

  set(key: string, value: Value): void {
    const index = this.#partOf(key);
    const slot = this.#parts[index].slots.get(key);
    if (slot !== undefined) {
      this.#ownPart(index, Own.values).values[slot] = value;
      return;
    }
    const { slots, values } = this.#ownPart(index, Own.all);
    slots.set(key, values.length);
    values.push(value);
    this.#size++;
    this.#grow();
  }

  delete(key: string): boolean {
    const index = this.#partOf(key);
    const { slots, values } = this.#parts[index];
    if (!slots.has(key)) return false;
    const left = emptyPart<Value>();
    for (const [each, slot] of slots) if (each !== key) add(left, each, values[slot]);
    this.#parts[index] = left;
    this.#own[index] = Own.all;
    this.#size--;
    return true;
  }

  /** Pairs of parts that are not the same one; null: the two are not cut alike. */
  differingFrom(
    before: SharingMap<Value>,
  ): (readonly [ReadonlyMap<string, Value>, ReadonlyMap<string, Value>])[] | null {
    if (before.#parts.length !== this.#parts.length) return null;
    return this.#parts.flatMap((part, at) =>
      part === before.#parts[at] ? [] : [[mapOf(before.#parts[at]), mapOf(part)] as const],
    );
  }

  *entries(): MapIterator<[string, Value]> {
    for (const { slots, values } of this.#parts) for (const [key, slot] of slots) yield [key, values[slot]];
  }

  *keys(): MapIterator<string> {
    for (const { slots } of this.#parts) yield* slots.keys();
  }

  *values(): MapIterator<Value> {
    for (const { values } of this.#parts) for (let i = 0; i < values.length; i++) yield values[i];
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(visit: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }

  #share(): SharingMap<Value> {
    this.#own.fill(Own.nothing);
    return new SharingMap([...this.#parts], [...this.#own], this.#size);
  }

  #ownPart(index: number, what: number): Part<Value> {
    const part = this.#parts[index];
    const own = this.#own[index];
    if (own >= what) return part;
    this.#own[index] = what;
    const values = own === Own.nothing ? part.values.slice() : part.values;
    return (this.#parts[index] = { slots: what === Own.all ? new Map(part.slots) : part.slots, values });
  }

  #partOf(key: string): number {
    const { length } = this.#parts;
    return length === 1 ? 0 : hashOf(key) & (length - 1);
  }

  #grow(): void {
    let { length } = this.#parts;
    if (this.#size <= length * FULL_PART) return;
    while (this.#size > length * FULL_PART) length *= GROWTH;
    const before = this.#parts;
    this.#parts = Array.from({ length }, () => emptyPart<Value>());
    this.#own = this.#parts.map(() => Own.all);
    for (const { slots, values } of before)
      slots.forEach((slot, key) => add(this.#parts[this.#partOf(key)], key, values[slot]));
  }
}

function emptyPart<Value>(): Part<Value> {
  return { slots: new Map(), values: [] };
}

function mapOf<Value>({ slots, values }: Part<Value>): ReadonlyMap<string, Value> {
  return new Map(Array.from(slots, ([key, slot]) => [key, values[slot]]));
}

/** The key is new. */
function add<Value>({ slots, values }: Part<Value>, key: string, value: Value): void {
  slots.set(key, values.length);
  values.push(value);
}

/** FNV-1a, of UTF-16 units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
