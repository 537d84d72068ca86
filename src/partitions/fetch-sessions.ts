/**
 * Incremental fetch sessions (KIP-227): the broker remembers what a client fetches, the client says only what changed, and
 * is told only about partitions that have something new.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { eachInPieces, finish, type Pieces } from '../platform/pieces.ts';
import type { Random } from '../platform/random.ts';
import type { FetchPartition, FetchedRange } from './read.ts';
import { SessionWatch, type Remembered } from './session-watch.ts';

export { hasNews } from './session-watch.ts';

export const NO_SESSION = 0;
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
/** Followers have room of their own, so that no client can drive them out (KIP-227 calls them privileged): as much as Kafka has for all. */
const FOLLOWER_SLOTS = 1000;
/** A session unused for so long gives its place to a new client when all places are taken. */
const EVICTABLE_AFTER_MS = 120_000;

/**
 * What all sessions together may remember of partitions, whether or not these exist: about 300 bytes each, and 600 where a follower's
 * session waits there. Kafka bounds the number of sessions alone. A client for whose partitions there is no room fetches without a
 * session, as where all places are taken.
 */
const MAX_SESSION_PARTITIONS = 200_000;

export interface FetchSession {
  readonly id: number;
  readonly usesTopicIds: boolean;
  nextEpoch: number;
  lastUsedMs: number;
  /** In the order of the next reading: partitions that gave data move behind the others, so that none starves. */
  readonly partitions: Map<string, Remembered>;
  /** Of a follower, which asks for as many partitions as it has replicas; null for consumers. */
  readonly watch: SessionWatch | null;
}

export interface SessionRequest {
  readonly isFollower?: boolean;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly usesTopicIds: boolean;
  readonly asked: readonly FetchPartition[];
  readonly forgotten: readonly { topic: string; topicId: string | null; partition: number }[];
}

export interface FetchPlan {
  readonly errorCode: number;
  readonly sessionId: number;
  readonly asked: readonly FetchPartition[];
  /** The session that remembers what the answer tells, if there is one. */
  readonly session: FetchSession | null;
  /** True: only what is new is told. */
  readonly incremental: boolean;
}

export class FetchSessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #slots: number;
  readonly #maxPartitions: number;
  /** Of all sessions. */
  #partitions = 0;
  #followers = 0;
  readonly #sessions = new Map<number, FetchSession>();

  /** `slots` is max.incremental.fetch.session.cache.slots: for consumers. */
  constructor(clock: Clock, random: Random, slots: number, maxPartitions = MAX_SESSION_PARTITIONS) {
    this.#clock = clock;
    this.#random = random;
    this.#slots = slots;
    this.#maxPartitions = maxPartitions;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Which partitions a fetch is about, and how its answer is to be told. `partitions`: how many a new session is to have. */
  plan(request: SessionRequest, partitions = request.asked.length): FetchPlan {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      if (sessionId !== NO_SESSION) this.#remove(this.#sessions.get(sessionId));
      const created = sessionEpoch === INITIAL_EPOCH ? this.#create(request, partitions) : null;
      return full(created, created === null ? withoutRepeats(request.asked) : [...created.partitions.values()]);
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    if (session.nextEpoch !== sessionEpoch) return refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    if (session.usesTopicIds !== request.usesTopicIds) return refused(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    this.#update(session, request);
    if (session.partitions.size === 0) {
      this.#remove(session);
      return full(null, []);
    }
    if (this.#partitions > this.#maxPartitions) {
      this.#remove(session);
      return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND); // it begins anew, with or without a session
    }
    const all = session.partitions.values();
    const asked = session.watch?.toRead(all, this.#clock.monotonic()) ?? [...all];
    return { errorCode: ErrorCode.NONE, sessionId, asked, session, incremental: true };
  }

  /** The same for a request that may name very many, with pauses. */
  *planInPieces(request: SessionRequest): Pieces<FetchPlan> {
    const { asked, forgotten } = request;
    const isNew = request.sessionEpoch === FINAL_EPOCH || request.sessionEpoch === INITIAL_EPOCH;
    const plan = this.plan({ ...request, asked: isNew ? [] : asked.slice(0, 1), forgotten: [] }, asked.length);
    const { session, errorCode } = plan;
    if (session === null) {
      return errorCode === ErrorCode.NONE ? full(null, yield* withoutRepeatsInPieces(asked)) : plan;
    }
    yield* eachInPieces(asked, (one) => this.#remember(session, one));
    yield* eachInPieces(forgotten, (one) => this.#forget(session, one));
    if (session.partitions.size > 0 && this.#partitions <= this.#maxPartitions) {
      return { ...plan, asked: [...session.partitions.values()] };
    }
    this.#remove(session);
    return session.partitions.size === 0 ? full(null, []) : refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  }

  /** Null: there is no room for a session of so many `partitions`. */
  #create(request: SessionRequest, partitions: number): FetchSession | null {
    const { isFollower = false } = request;
    while (this.#isFull(isFollower) || this.#partitions + partitions > this.#maxPartitions) {
      if (!this.#evictOne(isFollower)) return null;
    }
    const session: FetchSession = {
      id: this.#newId(),
      usesTopicIds: request.usesTopicIds,
      nextEpoch: 1,
      lastUsedMs: this.#clock.monotonic(),
      partitions: new Map(),
      watch: isFollower ? new SessionWatch() : null,
    };
    this.#sessions.set(session.id, session);
    if (isFollower) this.#followers++;
    for (const asked of request.asked) this.#remember(session, asked);
    return session;
  }

  #update(session: FetchSession, request: SessionRequest): void {
    session.nextEpoch = session.nextEpoch === 0x7fffffff ? 1 : session.nextEpoch + 1;
    session.lastUsedMs = this.#clock.monotonic();
    this.#sessions.delete(session.id); // moves it behind the others: the first is the longest unused
    this.#sessions.set(session.id, session);
    for (const asked of request.asked) this.#remember(session, asked);
    for (const forgotten of request.forgotten) this.#forget(session, forgotten);
  }

  #remember(session: FetchSession, asked: FetchPartition): void {
    const key = keyOf(asked);
    const known = session.partitions.get(key);
    if (known !== undefined) {
      Object.assign(known, asked);
      return session.watch?.named(known);
    }
    const remembered = remember(asked);
    session.partitions.set(key, remembered);
    session.watch?.named(remembered);
    if (this.#sessions.get(session.id) === session) this.#partitions++; // it may have been removed meanwhile
  }

  #forget(session: FetchSession, forgotten: { topic: string; topicId: string | null; partition: number }): void {
    const key = keyOf(forgotten);
    const known = session.partitions.get(key);
    if (known === undefined) return;
    session.partitions.delete(key);
    session.watch?.forgotten(known);
    if (this.#sessions.get(session.id) === session) this.#partitions--;
  }

  #remove(session: FetchSession | undefined): void {
    if (session === undefined || !this.#sessions.delete(session.id)) return;
    this.#partitions -= session.partitions.size;
    if (session.watch === null) return;
    session.watch.end();
    this.#followers--;
  }

  #isFull(isFollower: boolean): boolean {
    return isFollower ? this.#followers >= FOLLOWER_SLOTS : this.#sessions.size - this.#followers >= this.#slots;
  }

  #evictOne(isFollower: boolean): boolean {
    let oldest: FetchSession | null = null;
    for (const session of this.#sessions.values()) {
      if ((session.watch !== null) !== isFollower) continue;
      oldest = session;
      break;
    }
    if (oldest === null || this.#clock.monotonic() - oldest.lastUsedMs < EVICTABLE_AFTER_MS) return false;
    this.#remove(oldest);
    return true;
  }

  #newId(): number {
    for (;;) {
      const id = 1 + Math.floor(this.#random.float() * 0x7ffffffe);
      if (!this.#sessions.has(id)) return id;
    }
  }
}

/** Notes what an answer of a session tells, so that the next one tells only what is new. */
export function noteTold(session: FetchSession, asked: FetchPartition, found: FetchedRange): void {
  const told = asked as Remembered;
  // After an error everything is told anew.
  told.toldHighWatermark = found.errorCode === ErrorCode.NONE ? found.highWatermark : -1;
  told.toldLogStartOffset = found.logStartOffset;
  const key = keyOf(asked);
  if (found.length === 0 || !session.partitions.delete(key)) return;
  session.partitions.set(key, told);
}

function remember(asked: FetchPartition): Remembered {
  return { ...asked, toldHighWatermark: -1, toldLogStartOffset: -1 };
}

/**
 * A partition that a request names twice is read once, where it was named first and as it was named last: as Kafka's map of a
 * request has it. Clients name each once, in order, and that is seen without a map.
 */
function withoutRepeats(asked: readonly FetchPartition[]): readonly FetchPartition[] {
  return mayRepeat(asked) ? finish(withoutRepeatsInPieces(asked)) : asked;
}

function* withoutRepeatsInPieces(asked: readonly FetchPartition[]): Pieces<readonly FetchPartition[]> {
  const byKey = new Map<string, FetchPartition>();
  yield* eachInPieces(asked, (one) => void byKey.set(keyOf(one), one));
  return [...byKey.values()];
}

function mayRepeat(asked: readonly FetchPartition[]): boolean {
  let topics: Set<string> | null = null;
  for (let i = 1; i < asked.length; i++) {
    const { topic, topicId, partition } = asked[i];
    const before = asked[i - 1];
    if (before.topic === topic && before.topicId === topicId) {
      if (partition <= before.partition) return true;
      continue;
    }
    topics ??= new Set([nameOrId(before)]);
    if (topics.has(nameOrId(asked[i]))) return true;
    topics.add(nameOrId(asked[i]));
  }
  return false;
}

function nameOrId({ topic, topicId }: { topic: string; topicId: string | null }): string {
  return topicId ?? topic;
}

function keyOf(one: { topic: string; topicId: string | null; partition: number }): string {
  return `${nameOrId(one)}/${one.partition}`;
}

function full(session: FetchSession | null, asked: readonly FetchPartition[]): FetchPlan {
  return { errorCode: ErrorCode.NONE, sessionId: session?.id ?? NO_SESSION, asked, session, incremental: false };
}

function refused(errorCode: number): FetchPlan {
  return { errorCode, sessionId: NO_SESSION, asked: [], session: null, incremental: false };
}
