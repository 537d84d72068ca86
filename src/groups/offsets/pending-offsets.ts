/** Offsets committed within transactions that are still open, by producer and by what they are about. */
import type { CommittedOffset } from './group-offsets.ts';

export interface PendingOffset {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset;
}

interface Kept extends PendingOffset {
  readonly producerId: number;
  /** Counts the commits in the order of the log. */
  readonly order: number;
}

/** What open transactions have committed for one partition: of each producer the last, in the order of the log. */
class PendingOfPartition {
  readonly byProducer = new Map<number, Kept>();
  /** What was committed before this no longer counts, whatever becomes of its transaction: something else was since. */
  countsFrom = 0;
}

/** By `partition:topic`. */
type OfGroup = Map<string, PendingOfPartition>;

const NONE: OfGroup = new Map();

export class PendingOffsets {
  /** By producer the last commit for each partition of each group, in the order of the log. */
  readonly #byProducer = new Map<number, Set<Kept>>();
  readonly #byGroup = new Map<string, OfGroup>();
  #order = 0;

  add(producerId: number, pending: PendingOffset): void {
    const { groupId, topic, partition } = pending;
    const kept = { ...pending, producerId, order: this.#order++ };
    let byProducer = this.#byProducer.get(producerId);
    if (byProducer === undefined) this.#byProducer.set(producerId, (byProducer = new Set()));
    let ofGroup = this.#byGroup.get(groupId);
    if (ofGroup === undefined) this.#byGroup.set(groupId, (ofGroup = new Map()));
    let same = ofGroup.get(keyOf(topic, partition));
    if (same === undefined) ofGroup.set(keyOf(topic, partition), (same = new PendingOfPartition()));
    const before = same.byProducer.get(producerId);
    if (before !== undefined) {
      byProducer.delete(before);
      same.byProducer.delete(producerId); // it comes last again
    }
    byProducer.add(kept);
    same.byProducer.set(producerId, kept);
  }

  /** Whether an open transaction may still change this offset (KIP-447: such offsets are not stable). */
  has(groupId: string, topic: string, partition: number): boolean {
    return this.#ofGroup(groupId).has(keyOf(topic, partition));
  }

  hasGroup(groupId: string): boolean {
    return this.#byGroup.has(groupId);
  }

  /** The last commit for every partition that an open transaction may still change in this group. */
  list(groupId: string): PendingOffset[] {
    return Array.from(this.#ofGroup(groupId).values(), ({ byProducer }) => [...byProducer.values()].at(-1)!);
  }

  /** An offset was committed outside of transactions: of those pending, only later ones may replace it. */
  outdate(groupId: string, topic: string, partition: number): void {
    const same = this.#ofGroup(groupId).get(keyOf(topic, partition));
    if (same !== undefined) same.countsFrom = this.#order;
  }

  /** The offset was deleted: no transaction brings it back. */
  forget(groupId: string, topic: string, partition: number): void {
    for (const kept of this.#ofGroup(groupId).get(keyOf(topic, partition))?.byProducer.values() ?? []) {
      const byProducer = this.#byProducer.get(kept.producerId);
      byProducer?.delete(kept);
      if (byProducer?.size === 0) this.#byProducer.delete(kept.producerId);
      this.#drop(kept);
    }
  }

  /** Takes out what a producer has pending; answers what of it counts if it commits, in the order in which it came. */
  complete(producerId: number, commit: boolean): readonly PendingOffset[] {
    const counting: Kept[] = [];
    for (const kept of this.#byProducer.get(producerId) ?? []) {
      const same = this.#drop(kept);
      if (!commit || kept.order < same.countsFrom) continue;
      counting.push(kept);
      same.countsFrom = kept.order;
    }
    this.#byProducer.delete(producerId);
    return counting;
  }

  #ofGroup(groupId: string): OfGroup {
    return this.#byGroup.get(groupId) ?? NONE;
  }

  #drop(kept: Kept): PendingOfPartition {
    const ofGroup = this.#ofGroup(kept.groupId);
    const key = keyOf(kept.topic, kept.partition);
    const same = ofGroup.get(key)!;
    same.byProducer.delete(kept.producerId);
    if (same.byProducer.size === 0) ofGroup.delete(key);
    if (ofGroup.size === 0) this.#byGroup.delete(kept.groupId);
    return same;
  }
}

function keyOf(topic: string, partition: number): string {
  return `${partition}:${topic}`;
}
