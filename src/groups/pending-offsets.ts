/** Offsets committed within transactions that are still open, by producer. */
import type { CommittedOffset } from './offsets.ts';

export interface PendingOffset {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset;
}

export class PendingOffsets {
  readonly #byProducer = new Map<number, PendingOffset[]>();

  add(producerId: number, pending: PendingOffset): void {
    const all = this.#byProducer.get(producerId);
    if (all === undefined) this.#byProducer.set(producerId, [pending]);
    else all.push(pending);
  }

  /** Whether an open transaction may still change this offset (KIP-447: such offsets are not stable). */
  has(groupId: string, topic: string, partition: number): boolean {
    for (const all of this.#byProducer.values()) {
      for (const pending of all) {
        if (pending.groupId === groupId && pending.topic === topic && pending.partition === partition) return true;
      }
    }
    return false;
  }

  hasGroup(groupId: string): boolean {
    for (const all of this.#byProducer.values()) if (all.some((pending) => pending.groupId === groupId)) return true;
    return false;
  }

  /** Takes out what a producer has pending, in the order in which it committed. */
  complete(producerId: number): readonly PendingOffset[] {
    const all = this.#byProducer.get(producerId) ?? [];
    this.#byProducer.delete(producerId);
    return all;
  }
}
