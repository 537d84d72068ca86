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
  /** What the leader knows to be asked for, by key. */
  #asked = new Map<string, AskedPartition>();

  /** The next request, for a session of exactly these partitions. */
  next(wanted: ReadonlyMap<string, AskedPartition>): SessionRequest {
    const known = this.#asked;
    const isFull = this.#epoch === FULL;
    const asked: AskedPartition[] = [];
    for (const [key, one] of wanted) {
      const before = known.get(key);
      if (isFull || before === undefined || !isSamePosition(before, one)) asked.push(one);
    }
    const forgotten: FollowedPartition[] = [];
    if (!isFull) for (const [key, one] of known) if (!wanted.has(key)) forgotten.push(one);
    this.#asked = new Map(wanted);
    return { sessionId: this.#id, sessionEpoch: this.#epoch, asked, forgotten };
  }

  /** What was asked last for this partition. */
  positionOf(key: string): AskedPartition | undefined {
    return this.#asked.get(key);
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
    this.#asked = new Map();
  }
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
