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

export class SharingMap<Value> implements ReadonlyMap<string, Value> {
  #parts: Map<string, Value>[];
  /** Parts that no other map has. */
  #own: boolean[];
  #size: number;

  private constructor(parts: Map<string, Value>[], own: boolean[], size: number) {
    this.#parts = parts;
    this.#own = own;
    this.#size = size;
  }

  /** What is changed in either of the two from now on the other one does not have. */
  static copyOf<Value>(map: ReadonlyMap<string, Value>): SharingMap<Value> {
    if (map instanceof SharingMap) return (map as SharingMap<Value>).#share();
    const copy = new SharingMap<Value>([new Map(map)], [true], map.size);
    copy.#grow();
    return copy;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#parts[this.#partOf(key)].get(key);
  }

  has(key: string): boolean {
    return this.#parts[this.#partOf(key)].has(key);
  }

  set(key: string, value: Value): void {
    const part = this.#ownPart(this.#partOf(key));
    const before = part.size;
    part.set(key, value);
    if (part.size === before) return;
    this.#size++;
    this.#grow();
  }

  delete(key: string): boolean {
    const index = this.#partOf(key);
    if (!this.#parts[index].has(key)) return false;
    this.#size--;
    return this.#ownPart(index).delete(key);
  }

  /** Pairs of parts that are not the same one; null: the two are not cut alike. */
  differingFrom(
    before: SharingMap<Value>,
  ): (readonly [ReadonlyMap<string, Value>, ReadonlyMap<string, Value>])[] | null {
    if (before.#parts.length !== this.#parts.length) return null;
    return this.#parts.flatMap((part, at) => (part === before.#parts[at] ? [] : [[before.#parts[at], part] as const]));
  }

  *entries(): MapIterator<[string, Value]> {
    for (const part of this.#parts) yield* part.entries();
  }

  *keys(): MapIterator<string> {
    for (const part of this.#parts) yield* part.keys();
  }

  *values(): MapIterator<Value> {
    for (const part of this.#parts) yield* part.values();
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(visit: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }

  #share(): SharingMap<Value> {
    this.#own.fill(false);
    return new SharingMap([...this.#parts], [...this.#own], this.#size);
  }

  #ownPart(index: number): Map<string, Value> {
    if (!this.#own[index]) {
      this.#own[index] = true;
      this.#parts[index] = new Map(this.#parts[index]);
    }
    return this.#parts[index];
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
    this.#parts = Array.from({ length }, () => new Map());
    this.#own = this.#parts.map(() => true);
    for (const part of before) part.forEach((value, key) => this.#parts[this.#partOf(key)].set(key, value));
  }
}

/** FNV-1a, of UTF-16 units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
