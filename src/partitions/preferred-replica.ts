/** Which replica a consumer is told to read from, by the racks of both: as Kafka's RackAwareReplicaSelector (KIP-392). PURE. */
import type { ReadableReplica } from './leader-state.ts';

export interface Racks {
  readonly consumer: string;
  readonly leader: string | null;
  /** Null where the broker has none, or cannot be reached as the consumer came. */
  of(brokerId: number): string | null;
}

/** The one of the consumer's rack that has most; null where the leader is as near, or none is. */
export function preferredReplica(replicas: Iterable<ReadableReplica>, racks: Racks): number | null {
  if (racks.leader === racks.consumer) return null;
  let best: ReadableReplica | null = null;
  for (const replica of replicas) {
    if (racks.of(replica.id) === racks.consumer && (best === null || isBetter(replica, best))) best = replica;
  }
  return best?.id ?? null;
}

function isBetter(a: ReadableReplica, b: ReadableReplica): boolean {
  if (a.endOffset !== b.endOffset) return a.endOffset > b.endOffset;
  return a.caughtUpMs === b.caughtUpMs ? a.id > b.id : a.caughtUpMs > b.caughtUpMs;
}
