/**
 * The replicas that one connection to a leader fetches for, which of them rest, and what the session asks for. A round costs as much
 * as has changed since the one before, however many there are.
 */
import { FollowerLog } from '../partitions/follower-log.ts';
import type { Partition } from '../partitions/partition.ts';
import { FetchSession, type AskedPartition } from './fetch-session.ts';
import { positionOf } from './following.ts';

/** A replica that is fetched for. */
export interface Followed {
  readonly key: string;
  readonly partition: Partition;
  readonly replica: FollowerLog;
  readonly leaderEpoch: number;
  /** In a row. */
  failures: number;
  restsUntilMs: number;
  /** What was said of it last. */
  said: string | null;
}

/** What is held back is looked at again so much later. */
const HELD_BACK_MS = 100;

export class FollowedReplicas {
  readonly session = new FetchSession();
  readonly #nodeId: number;
  readonly #isQuotaExceeded: () => boolean;
  readonly #all = new Map<string, Followed>();
  /** Something has become of them since they were asked for. */
  readonly #changed = new Set<string>();
  readonly #resting = new Set<Followed>();

  /** `isQuotaExceeded`: of follower.replication.throttled.rate. */
  constructor(nodeId: number, isQuotaExceeded: () => boolean) {
    this.#nodeId = nodeId;
    this.#isQuotaExceeded = isQuotaExceeded;
  }

  get size(): number {
    return this.#all.size;
  }

  get(key: string): Followed | undefined {
    return this.#all.get(key);
  }

  /** False: it is followed in this epoch already. */
  add(key: string, partition: Partition): boolean {
    const { leaderEpoch } = partition;
    if (this.#all.get(key)?.leaderEpoch === leaderEpoch) return false;
    this.remove(key);
    const state = { failures: 0, restsUntilMs: -Infinity, said: null };
    this.#all.set(key, { key, partition, replica: new FollowerLog(partition), leaderEpoch, ...state });
    this.#changed.add(key);
    return true;
  }

  remove(key: string): void {
    const followed = this.#all.get(key);
    if (followed === undefined) return;
    this.#all.delete(key);
    this.#resting.delete(followed);
    this.#changed.add(key);
  }

  changed(key: string): void {
    this.#changed.add(key);
  }

  lookAtAll(): void {
    for (const key of this.#all.keys()) this.#changed.add(key);
  }

  restUntil(followed: Followed, untilMs: number): void {
    if (this.#all.get(followed.key) !== followed) return;
    followed.restsUntilMs = untilMs;
    this.#resting.add(followed);
  }

  /** Has the session ask for what has changed, where its log ends now; not for those that rest. */
  prepare(nowMs: number): void {
    for (const followed of this.#resting) {
      if (followed.restsUntilMs > nowMs) continue;
      this.#resting.delete(followed);
      this.#changed.add(followed.key);
    }
    for (const key of this.#changed) {
      const followed = this.#all.get(key);
      if (followed !== undefined && this.#isHeldBack(followed)) this.restUntil(followed, nowMs + HELD_BACK_MS);
      if (followed === undefined || !this.#isWanted(followed)) this.session.forget(key);
      else this.session.want(key, askedOf(followed));
    }
    this.#changed.clear();
  }

  /** Milliseconds until the first has rested; null where none rests. */
  nextMs(nowMs: number): number | null {
    let nextMs = Infinity;
    for (const { restsUntilMs } of this.#resting) nextMs = Math.min(nextMs, restsUntilMs);
    return nextMs === Infinity ? null : Math.max(0, nextMs - nowMs);
  }

  /** For others to get theirs (KIP-73); never one that has all that is committed, lest it fall out of sync. */
  #isHeldBack({ partition }: Followed): boolean {
    return partition.stats.replicaLag > 0 && isThrottled(partition, this.#nodeId) && this.#isQuotaExceeded();
  }

  #isWanted(followed: Followed): boolean {
    const { partition } = followed;
    return !partition.isOffline && !partition.isLeader && !this.#resting.has(followed);
  }
}

/** Whether follower.replication.throttled.replicas names it. */
export function isThrottled({ config: { throttledFollowers: all }, index }: Partition, nodeId: number): boolean {
  return all.size > 0 && (all.has('*') || all.has(`${index}:${nodeId}`));
}

/** Whether this broker still follows in the epoch in which it was asked for, and nothing has moved its log's end. */
export function isStill(followed: Followed, asked: AskedPartition): boolean {
  return (
    isCurrent(followed) &&
    asked.currentLeaderEpoch === followed.leaderEpoch &&
    asked.fetchOffset === followed.partition.endOffset
  );
}

export function isCurrent({ partition, leaderEpoch }: Followed): boolean {
  return !partition.isLeader && !partition.isOffline && partition.leaderEpoch === leaderEpoch;
}

function askedOf({ partition, replica, leaderEpoch }: Followed): AskedPartition {
  const { topic, topicId, index, logStartOffset } = partition;
  return { topic, topicId, index, logStartOffset, ...positionOf(replica, leaderEpoch) };
}
