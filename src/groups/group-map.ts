/** The groups of one partition by their ids. Each has a number in the order in which groups were made, over all partitions. */
import type { Group } from './group.ts';

let count = 0;

export class GroupMap extends Map<string, Group> {
  readonly #numbers = new Map<string, number>();

  /** A group that takes the place of another of its id, as when its kind changes, keeps the number. */
  override set(groupId: string, group: Group): this {
    if (!this.has(groupId)) this.#numbers.set(groupId, ++count);
    return super.set(groupId, group);
  }

  override delete(groupId: string): boolean {
    this.#numbers.delete(groupId);
    return super.delete(groupId);
  }

  override clear(): void {
    this.#numbers.clear();
    super.clear();
  }

  /** 0 for one that is not there. */
  numberOf(groupId: string): number {
    return this.#numbers.get(groupId) ?? 0;
  }
}

/** The groups of many partitions in the order in which they were made. One that is made meanwhile may be left out. */
export function* inOrder(maps: readonly GroupMap[]): Generator<Group, void, void> {
  const heads = maps.map((map) => new Head(map)).filter((head) => head.next());
  while (heads.length > 0) {
    let first = 0;
    for (let i = 1; i < heads.length; i++) if (heads[i].number < heads[first].number) first = i;
    yield heads[first].group!;
    if (!heads[first].next()) heads.splice(first, 1);
  }
}

/** The first group of a partition that has not been given: in a map they lie by their numbers. */
class Head {
  group: Group | undefined;
  number = 0;
  readonly #map: GroupMap;
  readonly #left: Iterator<[string, Group]>;

  constructor(map: GroupMap) {
    this.#map = map;
    this.#left = map.entries();
  }

  /** False where there is none. */
  next(): boolean {
    const { done, value } = this.#left.next();
    if (done === true) return false;
    this.group = value[1];
    this.number = this.#map.numberOf(value[0]);
    return true;
  }
}
