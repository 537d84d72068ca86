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
