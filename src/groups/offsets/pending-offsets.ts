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
  /** Something else was committed after it: it no longer counts, whatever becomes of the transaction. */
  isOutdated: boolean;
}

/** By `partition:topic`. */
type OfGroup = Map<string, Set<Kept>>;

const NONE: OfGroup = new Map();

export class PendingOffsets {
  readonly #byProducer = new Map<number, Set<Kept>>();
  readonly #byGroup = new Map<string, OfGroup>();
  #order = 0;

  add(producerId: number, pending: PendingOffset): void {
    const { groupId, topic, partition } = pending;
    const kept = { ...pending, producerId, order: this.#order++, isOutdated: false };
    let byProducer = this.#byProducer.get(producerId);
    if (byProducer === undefined) this.#byProducer.set(producerId, (byProducer = new Set()));
    byProducer.add(kept);
    let ofGroup = this.#byGroup.get(groupId);
    if (ofGroup === undefined) this.#byGroup.set(groupId, (ofGroup = new Map()));
    const same = ofGroup.get(keyOf(topic, partition));
    if (same === undefined) ofGroup.set(keyOf(topic, partition), new Set([kept]));
    else same.add(kept);
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
    return Array.from(this.#ofGroup(groupId).values(), (same) => [...same].at(-1)!);
  }

  /** An offset was committed outside of transactions: of those pending, only later ones may replace it. */
  outdate(groupId: string, topic: string, partition: number): void {
    for (const kept of this.#ofGroup(groupId).get(keyOf(topic, partition)) ?? []) kept.isOutdated = true;
  }

  /** The offset was deleted: no transaction brings it back. */
  forget(groupId: string, topic: string, partition: number): void {
    for (const kept of this.#ofGroup(groupId).get(keyOf(topic, partition)) ?? []) {
      const byProducer = this.#byProducer.get(kept.producerId);
      byProducer?.delete(kept);
      if (byProducer?.size === 0) this.#byProducer.delete(kept.producerId);
      this.#drop(kept);
    }
  }

  /** Takes out what a producer has pending; answers what of it counts if it commits, in the order in which it came. */
  complete(producerId: number, commit: boolean): readonly PendingOffset[] {
    const all = [...(this.#byProducer.get(producerId) ?? [])];
    this.#byProducer.delete(producerId);
    for (const kept of all) this.#drop(kept);
    if (!commit) return [];
    const counting = all.filter(({ isOutdated }) => !isOutdated);
    for (const kept of counting) this.#outdateEarlier(kept);
    return counting;
  }

  #outdateEarlier({ groupId, topic, partition, order }: Kept): void {
    for (const other of this.#ofGroup(groupId).get(keyOf(topic, partition)) ?? []) {
      if (other.order < order) other.isOutdated = true;
    }
  }

  #ofGroup(groupId: string): OfGroup {
    return this.#byGroup.get(groupId) ?? NONE;
  }

  #drop(kept: Kept): void {
    const ofGroup = this.#ofGroup(kept.groupId);
    const key = keyOf(kept.topic, kept.partition);
    const same = ofGroup.get(key);
    same?.delete(kept);
    if (same?.size === 0) ofGroup.delete(key);
    if (ofGroup.size === 0) this.#byGroup.delete(kept.groupId);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${partition}:${topic}`;
}
