/** The offsets a group has committed: who may commit, what a commit says, and when it is forgotten. Pure. */
import type { TopicPartition } from '../../coordination/topic-partition.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClassicGroup } from '../classic/state.ts';
import { checkMember } from '../classic/state.ts';
import type { Group } from '../group.ts';
import { isInUse } from '../subscription.ts';

/** Named as in OffsetCommitValue. */
export interface CommittedOffset {
  readonly offset: number;
  /** -1: unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Milliseconds since 1970. */
  readonly commitTimestamp: number;
  /** Set by clients older than OffsetCommit v5 that ask for a retention of their own; -1 otherwise. */
  readonly expireTimestamp: number;
  /** 22 characters of base64url; ZERO_UUID where the client knew the name only. */
  readonly topicId: string;
}

/** Committed offsets of one group, by topic and partition. Changed by replayed records only. */
export class GroupOffsets {
  readonly topics = new Map<string, Map<number, CommittedOffset>>();

  get isEmpty(): boolean {
    return this.topics.size === 0;
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.topics.get(topic)?.get(partition);
  }

  set(topic: string, partition: number, offset: CommittedOffset): void {
    let partitions = this.topics.get(topic);
    if (partitions === undefined) this.topics.set(topic, (partitions = new Map()));
    partitions.set(partition, offset);
  }

  delete(topic: string, partition: number): void {
    const partitions = this.topics.get(topic);
    if (partitions?.delete(partition) && partitions.size === 0) this.topics.delete(topic);
  }

  /** Every committed partition, of all topics or of those named. */
  list(topics: Iterable<string> = this.topics.keys()): TopicPartition[] {
    const found: TopicPartition[] = [];
    for (const topic of topics) {
      for (const partition of this.topics.get(topic)?.keys() ?? []) found.push({ topic, partition });
    }
    return found;
  }
}

/** Who commits, as OffsetCommit tells. */
export interface Committer {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** -1 for one that does not use membership. */
  readonly generationId: number;
}

/** NONE, or why this commit is refused as a whole. */
export function checkCommit(group: ClassicGroup, committer: Committer): number {
  const { memberId, groupInstanceId, generationId } = committer;
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  // Admin clients and consumers with partitions of their own choice, on a group without members.
  if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return ErrorCode.UNKNOWN_MEMBER_ID;
  const errorCode = checkMember(group, memberId, groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  if (generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  // It has had its JoinGroup answer but no assignment: what it commits may belong to another by now.
  return group.state === 'CompletingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

/**
 * The same within a transaction: a client that says who it is in the group is checked (KIP-447), one that does not (before
 * TxnOffsetCommit v3) may commit, for its transactional id keeps others out. A rebalance under way is no reason to refuse.
 */
export function checkTransactionalCommit(group: ClassicGroup | undefined, committer: Committer): number {
  const { memberId, groupInstanceId, generationId } = committer;
  if (group === undefined) return generationId < 0 ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return ErrorCode.NONE;
  const errorCode = checkMember(group, memberId, groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  return generationId === group.generationId ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}

/** NONE, or why no offsets may be deleted at all. Groups of consumers answer topic by topic. */
export function checkOffsetDelete(group: Group): number {
  if (group.type === 'consumer') return ErrorCode.NONE;
  if (group.state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
  return group.state === 'Empty' || group.protocolType === 'consumer' ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
}

/** NONE, or why the group may not be deleted. */
export function checkGroupDelete(group: Group): number {
  if (group.type === 'consumer') return group.members.size === 0 ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
  if (group.state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
  return group.state === 'Empty' ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
}

/**
 * The commits that are past their time (KIP-211): counted from when the group became empty; in a stable group of
 * consumers from each commit, for topics no member reads any more; for groups that only store offsets, and those of the
 * consumer protocol, from each commit.
 */
export function expiredOffsets(
  group: Group,
  offsets: GroupOffsets,
  nowMs: number,
  retentionMs: number,
): TopicPartition[] {
  const since = expiryBase(group);
  if (since === null) return [];
  return offsets.list().filter(({ topic, partition }) => {
    if (isInUse(group, topic)) return false;
    const committed = offsets.get(topic, partition) as CommittedOffset;
    if (committed.expireTimestamp >= 0) return nowMs >= committed.expireTimestamp;
    return nowMs - since(committed) >= retentionMs;
  });
}

function expiryBase(group: Group): ((committed: CommittedOffset) => number) | null {
  const sinceCommit = (committed: CommittedOffset): number => committed.commitTimestamp;
  if (group.type === 'consumer' || group.protocolType === null) return sinceCommit;
  if (group.state === 'Empty') {
    const emptySince = group.currentStateTimestamp;
    return emptySince < 0 ? sinceCommit : () => emptySince;
  }
  const known = group.protocolType === 'consumer' && group.subscribedTopics !== null;
  return known && group.state === 'Stable' ? sinceCommit : null;
}
