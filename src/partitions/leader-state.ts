/**
 * What the leader of a partition knows of its replicas, and how far that lets records count as committed (the high watermark).
 * PURE: `test/partitions/leader-state.test.ts` has its transcripts.
 *
 *     own log     ────────────────────────────────┤ own end: appended, and on the disk as flush.messages asks
 *     follower 2  ──────────────────────┤ end offset: where its last fetch began
 *     follower 3  ───────────┤ not in the maximal ISR: not waited for
 *                                       ▲ high watermark; stands while fewer are in sync than min.insync.replicas
 */

/** A term as leader, as the cluster's image tells of it. */
export interface LeaderTerm {
  /** Grows with every election. */
  readonly leaderEpoch: number;
  /** Replicas the partition is to have, the leader among them. */
  readonly replicas: number;
  /** Replicas in sync as the controller knows it, the leader among them. */
  readonly inSyncReplicas: number;
  /** Broker ids of the followers with logs of their own. None where they share the leader's (several nodes in a test). */
  readonly followers?: readonly number[];
  /** Followers that are in sync, or were just proposed to be or not to be: all of them have to have a committed record. */
  readonly maximalIsr?: readonly number[];
}

const NO_FOLLOWERS: readonly number[] = [];
/** Of a follower that has not fetched in this term. */
const UNKNOWN_END = -1;

export class LeaderState {
  readonly leaderEpoch: number;
  #replicas = 1;
  #inSyncReplicas = 1;
  /** Broker id → log end offset. */
  readonly #ends = new Map<number, number>();
  #maximalIsr: readonly number[] = NO_FOLLOWERS;

  constructor(term: LeaderTerm) {
    this.leaderEpoch = term.leaderEpoch;
    this.update(term);
  }

  /** Takes over who the replicas are and which are in sync; followers' ends are kept, for the term is the same. */
  update({
    leaderEpoch,
    replicas,
    inSyncReplicas,
    followers = NO_FOLLOWERS,
    maximalIsr = followers,
  }: LeaderTerm): void {
    if (leaderEpoch !== this.leaderEpoch) {
      throw new Error(`a term of leader epoch ${leaderEpoch} is not one of ${this.leaderEpoch}`);
    }
    this.#replicas = replicas;
    this.#inSyncReplicas = inSyncReplicas;
    this.#maximalIsr = maximalIsr;
    for (const id of this.#ends.keys()) if (!followers.includes(id)) this.#ends.delete(id);
    for (const id of followers) if (!this.#ends.has(id)) this.#ends.set(id, UNKNOWN_END);
  }

  get replicas(): number {
    return this.#replicas;
  }

  get inSyncReplicas(): number {
    return this.#inSyncReplicas;
  }

  /** Whether a record has to be on other brokers before it is committed. */
  get hasFollowers(): boolean {
    return this.#maximalIsr.length > 0;
  }

  /** Too few replicas in sync for acks=all. More than there are of a partition are never asked for, as in Kafka. */
  isUnderMinIsr(minInsyncReplicas: number): boolean {
    return this.#inSyncReplicas < Math.min(minInsyncReplicas, this.#replicas);
  }

  /** A follower asked for records from `endOffset` on, so it has all before. False: it is no follower of this partition. */
  noteFetch(followerId: number, endOffset: number): boolean {
    if (!this.#ends.has(followerId)) return false;
    this.#ends.set(followerId, endOffset);
    return true;
  }

  /** Null where the broker is no follower; -1 until its first fetch. */
  endOffsetOf(followerId: number): number | null {
    return this.#ends.get(followerId) ?? null;
  }

  /** The high watermark after `current`: what all of the maximal ISR have, `ownEnd` being the leader's part. Never less. */
  highWatermark(current: number, ownEnd: number, minInsyncReplicas: number): number {
    if (this.isUnderMinIsr(minInsyncReplicas)) return current;
    let lowest = ownEnd;
    for (const id of this.#maximalIsr) lowest = Math.min(lowest, this.#ends.get(id) ?? UNKNOWN_END);
    return Math.max(current, lowest);
  }
}
