/**
 * What the leader of a partition knows of its replicas, how far that lets records count as committed (the high watermark), and
 * which of them it proposes to be in sync. PURE: `test/partitions/leader-state.test.ts` has its transcripts.
 *
 *     own log     ────────────────────────────────┤ own end: appended, and on the disk as flush.messages asks
 *     follower 2  ──────────────────────┤ end offset: where its last fetch began
 *     follower 3  ───────────┤ not in sync, nor about to be: not waited for
 *                                       ▲ high watermark; stands while fewer are in sync than min.insync.replicas
 *
 *     in sync ──shrinkage──▶ proposed without it ──accepted──▶ out of sync ──expansion──▶ proposed with it ──accepted──▶ in sync
 *
 * Until a proposal is answered, all have to have a record that are in sync by the image or by the proposal (the maximal ISR). A
 * follower that has caught up and may join is waited for too, as in Kafka: else it would run behind the high watermark for ever.
 */
import type { LogConfig } from '../config/log-config.ts';

/** What the cluster's image and configuration say of replicas. They change: they are asked at each use. */
export interface ReplicaRules {
  /** replica.lag.time.max.ms */
  readonly maxLagMs: number;
  /** The epoch of a broker's newest registration, -1 where there is none. */
  epochOf(brokerId: number): number;
  /** Whether it is unfenced and not about to stop, and has the log directory in which its replica lies; null: it is not known. */
  mayJoin(brokerId: number, directoryId: string | null): boolean;
  /** Whether it is unfenced. */
  isAlive(brokerId: number): boolean;
  /** How fast followers are given records (KIP-73); nothing where that is not limited. */
  readonly throttle?: LeaderThrottle;
}

export interface LeaderThrottle {
  /** Whether leader.replication.throttled.replicas names this replica. */
  covers(config: LogConfig, index: number): boolean;
  /** leader.replication.throttled.rate */
  isExceeded(): boolean;
  took(bytes: number): void;
}

/** A term as leader, as the cluster's image tells of it. */
export interface LeaderTerm {
  /** Grows with every election. */
  readonly leaderEpoch: number;
  /** Grows with every change of the partition; a proposal names the one that it changes. */
  readonly partitionEpoch?: number;
  /** Replicas the partition is to have, the leader among them. */
  readonly replicas: number;
  /** Replicas in sync as the controller knows it, the leader among them. */
  readonly inSyncReplicas: number;
  /** Broker ids of the followers. */
  readonly followers?: readonly number[];
  /** Log directories of `followers`, in their order, as far as the controller knows them. */
  readonly directories?: readonly string[];
  /** Those of `followers` that are in sync as the controller knows it; all, unless given. */
  readonly inSync?: readonly number[];
  readonly rules?: ReplicaRules;
}

/** A follower's fetch, as the leader counts it. */
export interface FollowerFetch {
  readonly followerId: number;
  /** It has all before. */
  readonly endOffset: number;
  /** Where its own log begins; -1, or nothing, where it does not say. */
  readonly logStartOffset?: number;
  /** Of the follower's process; -1 where it does not say (KIP-903). */
  readonly brokerEpoch: number;
}

/** A replica that a consumer may read from. */
export interface ReadableReplica {
  readonly id: number;
  readonly endOffset: number;
  /** When it had all that the leader had. */
  readonly caughtUpMs: number;
}

/** Followers that are to be in sync beside the leader, for AlterPartition. */
export interface IsrProposal {
  /** Whether it takes followers out, or else one in. */
  readonly isShrinkage: boolean;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly inSync: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
}

/** What a proposal has come to. */
export type ProposalAnswer =
  /** The controller has it in its log. */
  | { readonly kind: 'accepted'; readonly inSync: readonly number[]; readonly partitionEpoch: number }
  /** It did not happen, and never will. */
  | { readonly kind: 'rejected' }
  /** The partition has changed, which the image will tell; whether the proposal was a part of that is not known. */
  | { readonly kind: 'outdated' };

interface Follower {
  directoryId: string | null;
  endOffset: number;
  logStartOffset: number;
  brokerEpoch: number;
  /** The last time at which it is known to have had all that the leader had. */
  caughtUpMs: number;
  fetchedMs: number;
  /** The leader's end when it fetched. */
  leaderEndThen: number;
}

const NO_FOLLOWERS: readonly number[] = [];
/** Of a follower that has not fetched in this term. */
const UNKNOWN_END = -1;
const NEVER = -Infinity;
const ALONE: ReplicaRules = { maxLagMs: 0, epochOf: () => -1, mayJoin: () => false, isAlive: () => false };

export class LeaderState {
  readonly leaderEpoch: number;
  /** Where this term begins in the log: all before was written by leaders before. */
  readonly startOffset: number;
  readonly #beganMs: number;
  #partitionEpoch = -1;
  #replicas = 1;
  #inSyncReplicas = 1;
  #rules = ALONE;
  readonly #followers = new Map<number, Follower>();
  #inSync: readonly number[] = NO_FOLLOWERS;
  #proposal: IsrProposal | null = null;
  /** Those in sync by the image or by the proposal. */
  #maximalIsr: readonly number[] = NO_FOLLOWERS;

  constructor(term: LeaderTerm, startOffset = 0, nowMs = 0) {
    this.leaderEpoch = term.leaderEpoch;
    this.startOffset = startOffset;
    this.#beganMs = nowMs;
    this.update(term);
  }

  /**
   * Takes over who the replicas are and which are in sync; followers' ends are kept, for the term is the same. An image that is
   * older than the answer to a proposal says nothing new.
   */
  update(term: LeaderTerm): void {
    const { leaderEpoch, partitionEpoch = this.#partitionEpoch, followers = NO_FOLLOWERS, inSync = followers } = term;
    if (leaderEpoch !== this.leaderEpoch) {
      throw new Error(`a term of leader epoch ${leaderEpoch} is not one of ${this.leaderEpoch}`);
    }
    this.#rules = term.rules ?? ALONE;
    if (partitionEpoch < this.#partitionEpoch) return;
    if (partitionEpoch > this.#partitionEpoch) this.#proposal = null; // accepted, or refused from now on
    this.#partitionEpoch = partitionEpoch;
    this.#replicas = term.replicas;
    this.#inSyncReplicas = term.inSyncReplicas;
    for (const id of this.#followers.keys()) if (!followers.includes(id)) this.#followers.delete(id);
    for (const [i, id] of followers.entries()) {
      const follower = this.#followers.get(id) ?? this.#unheardOf(inSync.includes(id));
      follower.directoryId = term.directories?.[i] ?? null;
      this.#followers.set(id, follower);
    }
    this.#setInSync(inSync);
  }

  #unheardOf(isInSync: boolean): Follower {
    // One that is in sync has the whole lag time to begin.
    const caughtUpMs = isInSync ? this.#beganMs : NEVER;
    const ends = { endOffset: UNKNOWN_END, logStartOffset: UNKNOWN_END, leaderEndThen: UNKNOWN_END };
    return { ...ends, directoryId: null, brokerEpoch: -1, caughtUpMs, fetchedMs: NEVER };
  }

  #setInSync(inSync: readonly number[]): void {
    this.#inSync = inSync;
    const proposed = this.#proposal?.inSync.map(({ brokerId }) => brokerId) ?? NO_FOLLOWERS;
    this.#maximalIsr = [...inSync, ...proposed.filter((id) => !inSync.includes(id))];
  }

  get replicas(): number {
    return this.#replicas;
  }

  get inSyncReplicas(): number {
    return this.#inSyncReplicas;
  }

  get partitionEpoch(): number {
    return this.#partitionEpoch;
  }

  /** Whether a record may have to be on other brokers before it is committed. */
  get hasFollowers(): boolean {
    return this.#followers.size > 0;
  }

  /** Too few replicas in sync for acks=all. More than there are of a partition are never asked for, as in Kafka. */
  isUnderMinIsr(minInsyncReplicas: number): boolean {
    return this.#inSyncReplicas < Math.min(minInsyncReplicas, this.#replicas);
  }

  /**
   * A follower asked for records from `endOffset` on, so it has all before. False: it is no follower of this partition, or the
   * request is of a process of that broker which is no more.
   */
  noteFetch(fetch: FollowerFetch, leaderEnd: number, nowMs: number): boolean {
    const { followerId, endOffset, logStartOffset = UNKNOWN_END, brokerEpoch } = fetch;
    const follower = this.#followers.get(followerId);
    if (follower === undefined || this.#isOfThePast(follower, followerId, brokerEpoch)) return false;
    if (endOffset >= leaderEnd) follower.caughtUpMs = nowMs;
    else if (endOffset >= follower.leaderEndThen && follower.leaderEndThen !== UNKNOWN_END) {
      follower.caughtUpMs = Math.max(follower.caughtUpMs, follower.fetchedMs);
    }
    follower.endOffset = endOffset;
    follower.logStartOffset = logStartOffset;
    follower.brokerEpoch = brokerEpoch;
    follower.fetchedMs = nowMs;
    follower.leaderEndThen = leaderEnd;
    return true;
  }

  #isOfThePast(follower: Follower, followerId: number, brokerEpoch: number): boolean {
    if (brokerEpoch < 0) return false;
    return brokerEpoch < follower.brokerEpoch || brokerEpoch < this.#rules.epochOf(followerId);
  }

  /** Null where the broker is no follower; -1 until its first fetch. */
  endOffsetOf(followerId: number): number | null {
    return this.#followers.get(followerId)?.endOffset ?? null;
  }

  /** Before it no replica that runs has records any more; `ownStart`: where the leader's own log begins. */
  lowWatermark(ownStart: number): number {
    let lowest = ownStart;
    for (const [id, { logStartOffset }] of this.#followers) {
      if (this.#rules.isAlive(id)) lowest = Math.min(lowest, logStartOffset);
    }
    return lowest;
  }

  get throttle(): LeaderThrottle | null {
    return this.#rules.throttle ?? null;
  }

  isInSync(followerId: number): boolean {
    return this.#inSync.includes(followerId);
  }

  /** Followers in sync that have the record at `offset`, or are to be given it next: consumers may read it there (KIP-392). */
  *readableAt(offset: number): Generator<ReadableReplica> {
    for (const id of this.#inSync) {
      const { endOffset, logStartOffset, caughtUpMs } = this.#followers.get(id)!;
      if (logStartOffset <= offset && offset <= endOffset) yield { id, endOffset, caughtUpMs };
    }
  }

  /** The high watermark after `current`, `ownEnd` being the leader's part of what all have to have. Never less. */
  highWatermark(current: number, ownEnd: number, minInsyncReplicas: number, nowMs: number): number {
    if (this.isUnderMinIsr(minInsyncReplicas)) return current;
    let lowest = ownEnd;
    for (const [id, follower] of this.#followers) {
      const isWaitedFor = this.#maximalIsr.includes(id) || (this.#mayJoin(id) && this.#isCaughtUp(follower, nowMs));
      if (isWaitedFor) lowest = Math.min(lowest, follower.endOffset);
    }
    return Math.max(current, lowest);
  }

  /** Proposes a follower that has caught up to be in sync again; null where it has not, or may not, or is. */
  expansion(followerId: number, highWatermark: number): IsrProposal | null {
    const follower = this.#followers.get(followerId);
    if (follower === undefined || this.#proposal !== null || this.#maximalIsr.includes(followerId)) return null;
    const hasCaughtUp = follower.endOffset >= highWatermark && follower.endOffset >= this.startOffset;
    return hasCaughtUp && this.#mayJoin(followerId) ? this.#propose([...this.#inSync, followerId]) : null;
  }

  /**
   * The same of any that has caught up lately, once a proposal that it was in, or that stood in its way, is over. On its next fetch to
   * say so it may take replica.fetch.wait.max.ms: as long producers would wait where too few are in sync.
   */
  anyExpansion(highWatermark: number, nowMs: number): IsrProposal | null {
    for (const [id, follower] of this.#followers) {
      const proposal = this.#isCaughtUp(follower, nowMs) ? this.expansion(id, highWatermark) : null;
      if (proposal !== null) return proposal;
    }
    return null;
  }

  /** Proposes those to be in sync that have had all within the lag time; null where that is all that are. */
  shrinkage(leaderEnd: number, nowMs: number): IsrProposal | null {
    if (this.#proposal !== null) return null;
    const kept = this.#inSync.filter((id) => {
      const follower = this.#followers.get(id)!;
      return follower.endOffset >= leaderEnd || this.#isCaughtUp(follower, nowMs);
    });
    return kept.length < this.#inSync.length ? this.#propose(kept) : null;
  }

  #propose(brokerIds: readonly number[]): IsrProposal {
    const inSync = brokerIds.map((brokerId) => ({ brokerId, brokerEpoch: this.#followers.get(brokerId)!.brokerEpoch }));
    const { leaderEpoch } = this;
    const isShrinkage = brokerIds.length < this.#inSync.length;
    this.#proposal = { isShrinkage, leaderEpoch, partitionEpoch: this.#partitionEpoch, inSync };
    this.#setInSync(this.#inSync);
    return this.#proposal;
  }

  /** What has become of a proposal; of another one than the last it says nothing. */
  answered(proposal: IsrProposal, answer: ProposalAnswer): void {
    if (proposal !== this.#proposal || answer.kind === 'outdated') return; // until the image comes, the maximal ISR counts
    this.#proposal = null;
    if (answer.kind === 'rejected') return this.#setInSync(this.#inSync);
    this.#partitionEpoch = answer.partitionEpoch;
    this.#inSyncReplicas = answer.inSync.length + 1;
    this.#setInSync(answer.inSync.filter((id) => this.#followers.has(id)));
  }

  #isCaughtUp({ caughtUpMs }: Follower, nowMs: number): boolean {
    return nowMs - caughtUpMs <= this.#rules.maxLagMs;
  }

  /** It runs, and it is the very process that has fetched. */
  #mayJoin(followerId: number): boolean {
    const { brokerEpoch, directoryId } = this.#followers.get(followerId)!;
    if (!this.#rules.mayJoin(followerId, directoryId)) return false;
    return brokerEpoch < 0 || brokerEpoch === this.#rules.epochOf(followerId);
  }
}
