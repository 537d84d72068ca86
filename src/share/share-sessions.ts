/** Share sessions: which partitions a member of a share group fetches, by (group, member), bound to the member's connection. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { StatePartitionId } from './share-state.ts';

export interface ShareSession {
  readonly groupId: string;
  readonly memberId: string;
  readonly connectionId: number;
  /** Of the next request. */
  epoch: number;
  /** By their keys, in the order in which they have their turn next. */
  readonly partitions: Map<string, StatePartitionId>;
}

export interface SessionRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly connectionId: number;
  /** 0 opens, -1 closes, else the number of the request in its session. */
  readonly epoch: number;
}

export const OPENS = 0;
export const CLOSES = -1;
const LAST_EPOCH = 0x7fff_ffff;

/** What all sessions together may remember of partitions, whether or not these exist. Kafka bounds the number of sessions alone. */
const MAX_SESSION_PARTITIONS = 200_000;

export class ShareSessions {
  readonly #sessions = new Map<string, ShareSession>();
  /** Ten thousand clients may go at once: whose sessions end is not looked for among all. */
  readonly #byConnection = new Map<number, Set<ShareSession>>();
  /** How many sessions each group has. */
  readonly #groups = new Map<string, number>();
  /** Of all sessions. */
  #partitions = 0;

  get size(): number {
    return this.#sessions.size;
  }

  /** Of all sessions. */
  get partitionCount(): number {
    return this.#partitions;
  }

  get all(): Iterable<ShareSession> {
    return this.#sessions.values();
  }

  /** The session of a request that does not open it, or why there is none. One that closes it leaves it to `remove`. */
  find({ groupId, memberId, epoch }: SessionRequest): ShareSession | number {
    const session = this.#sessions.get(keyOf(groupId, memberId));
    if (session === undefined) return ErrorCode.SHARE_SESSION_NOT_FOUND;
    if (epoch === CLOSES) return session;
    if (epoch !== session.epoch) return ErrorCode.INVALID_SHARE_SESSION_EPOCH;
    session.epoch = session.epoch === LAST_EPOCH ? 1 : session.epoch + 1;
    return session;
  }

  /** In the place of the one before; null where there are as many as there may be. */
  open({ groupId, memberId, connectionId }: SessionRequest, most: number): ShareSession | null {
    const key = keyOf(groupId, memberId);
    const before = this.#sessions.get(key);
    if (before === undefined && this.#sessions.size >= most) return null;
    if (before !== undefined) this.remove(before);
    const session: ShareSession = { groupId, memberId, connectionId, epoch: 1, partitions: new Map() };
    this.#sessions.set(key, session);
    const others = this.#byConnection.get(connectionId);
    if (others === undefined) this.#byConnection.set(connectionId, new Set([session]));
    else others.add(session);
    this.#groups.set(groupId, (this.#groups.get(groupId) ?? 0) + 1);
    return session;
  }

  /** False where it has been removed before. */
  remove(session: ShareSession): boolean {
    if (!this.has(session)) return false;
    this.#sessions.delete(keyOf(session.groupId, session.memberId));
    this.#partitions -= session.partitions.size;
    const others = this.#byConnection.get(session.connectionId)!;
    others.delete(session);
    if (others.size === 0) this.#byConnection.delete(session.connectionId);
    const left = this.#groups.get(session.groupId)! - 1;
    if (left === 0) this.#groups.delete(session.groupId);
    else this.#groups.set(session.groupId, left);
    return true;
  }

  /** False once it has been removed. */
  has(session: ShareSession): boolean {
    return this.#sessions.get(keyOf(session.groupId, session.memberId)) === session;
  }

  /** Partitions that are fetched from now on, and such that are not any more. False where there is no room for so many. */
  change(session: ShareSession, added: readonly StatePartitionId[], forgotten: readonly StatePartitionId[]): boolean {
    if (this.has(session)) {
      const { partitions } = session;
      const before = partitions.size;
      for (const { topicId, partition } of added) {
        const key = partitionKey({ topicId, partition });
        if (!partitions.has(key)) partitions.set(key, { topicId, partition });
      }
      for (const each of forgotten) partitions.delete(partitionKey(each));
      this.#partitions += partitions.size - before;
    }
    return this.#partitions <= MAX_SESSION_PARTITIONS;
  }

  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  /** Those that end with the connection. */
  of(connectionId: number): ShareSession[] {
    return [...(this.#byConnection.get(connectionId) ?? [])];
  }
}

/** The next request begins with the partition behind the first of this one. */
export function rotate({ partitions }: ShareSession): readonly StatePartitionId[] {
  const asked = [...partitions.values()];
  if (asked.length > 1) {
    const key = partitionKey(asked[0]);
    partitions.delete(key);
    partitions.set(key, asked[0]);
  }
  return asked;
}

export function partitionKey({ topicId, partition }: StatePartitionId): string {
  return `${topicId}:${partition}`;
}

/** Neither part is bounded by a character that the other cannot have: the length of the first is. */
function keyOf(groupId: string, memberId: string): string {
  return `${groupId.length}:${groupId}${memberId}`;
}
