/**
 * The follower's side of a fetch session (KIP-227): after a first request that names all partitions, each names only those that have
 * moved, and the leader answers only what is new. PURE.
 *
 *     none ──full request (epoch 0)──▶ asked ──session id──▶ open ──epochs 1, 2, …──▶ open
 *      ▲                                 └── 0: no room there, all are named again
 *      └─────────── lost: an error of the session, or of the connection ───────────────┘
 */
import type { Fetch } from '../../protocol/apis/01-fetch.ts';
import type { RequestDraft } from '../../protocol/schema.ts';
import { isSamePosition, type FetchPosition } from './following.ts';

export interface FollowedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
}

export interface AskedPartition extends FollowedPartition, FetchPosition {
  readonly logStartOffset: number;
}

export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly asked: readonly AskedPartition[];
  readonly forgotten: readonly FollowedPartition[];
}

/** What bounds an answer, and how long it may wait for how much. */
export interface FetchLimits {
  readonly partitionMaxBytes: number;
  readonly maxBytes: number;
  readonly minBytes: number;
  readonly maxWaitMs: number;
}

const FULL = 0;
const LAST_EPOCH = 0x7fff_ffff;

export class FetchSession {
  #id = 0;
  #epoch = FULL;
  /** What is asked for, by key, in this order: what has moved stands behind the others, so that none starves. */
  readonly #wanted = new Map<string, AskedPartition>();
  /** Since the last request: what is asked for in another way, or at all. */
  readonly #moved = new Map<string, AskedPartition>();
  /** Since the last request: what is not asked for any more, and was. */
  readonly #forgotten = new Map<string, FollowedPartition>();

  /** Asks for this partition from now on, from there on. */
  want(key: string, asked: AskedPartition): void {
    const before = this.#wanted.get(key);
    if (before !== undefined && isSame(before, asked)) return;
    this.#wanted.delete(key);
    this.#wanted.set(key, asked);
    this.#moved.delete(key);
    this.#moved.set(key, asked);
    this.#forgotten.delete(key);
  }

  forget(key: string): void {
    const before = this.#wanted.get(key);
    if (before === undefined) return;
    this.#wanted.delete(key);
    this.#moved.delete(key);
    this.#forgotten.set(key, before);
  }

  /** Of how many partitions it is. */
  get size(): number {
    return this.#wanted.size;
  }

  /** The next request: it costs as much as has changed since the one before. */
  next(): SessionRequest {
    const isFull = this.#epoch === FULL;
    const asked = [...(isFull ? this.#wanted : this.#moved).values()];
    const forgotten = isFull ? [] : [...this.#forgotten.values()];
    this.#moved.clear();
    this.#forgotten.clear();
    return { sessionId: this.#id, sessionEpoch: this.#epoch, asked, forgotten };
  }

  /** What is asked for of this partition. */
  positionOf(key: string): AskedPartition | undefined {
    return this.#wanted.get(key);
  }

  /** The leader has answered, in this session; 0 where it keeps none. */
  answered(sessionId: number): void {
    this.#id = sessionId;
    if (sessionId === 0) this.#epoch = FULL;
    else this.#epoch = this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1;
  }

  /** The next request names all again; the leader drops the session that was, where it still has it. */
  lost(): void {
    this.#epoch = FULL;
  }
}

function isSame(a: AskedPartition, b: AskedPartition): boolean {
  return isSamePosition(a, b) && a.logStartOffset === b.logStartOffset;
}

export function keyOf(topicId: string, index: number): string {
  return `${topicId}/${index}`;
}

/** By topic id: of v15 and later. */
export function fetchRequest(
  replicaState: { readonly replicaId: number; readonly replicaEpoch: number },
  { sessionId, sessionEpoch, asked, forgotten }: SessionRequest,
  { partitionMaxBytes, maxBytes, minBytes, maxWaitMs }: FetchLimits,
): RequestDraft<typeof Fetch> {
  const topics = [...byTopic(asked)].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map((one) => ({
      partition: one.index,
      currentLeaderEpoch: one.currentLeaderEpoch,
      fetchOffset: one.fetchOffset,
      lastFetchedEpoch: one.lastFetchedEpoch,
      logStartOffset: one.logStartOffset,
      partitionMaxBytes,
    })),
  }));
  const forgottenTopicsData = [...byTopic(forgotten)].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ index }) => index),
  }));
  return { replicaState, maxWaitMs, minBytes, maxBytes, sessionId, sessionEpoch, topics, forgottenTopicsData };
}

function byTopic<T extends FollowedPartition>(asked: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const topics = new Map<string, T[]>();
  for (const one of asked) {
    const partitions = topics.get(one.topicId);
    if (partitions === undefined) topics.set(one.topicId, [one]);
    else partitions.push(one);
  }
  return topics;
}
