/** OffsetCommit, OffsetFetch and OffsetDelete on one group: requests into records, and offsets into answers. Pure. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupPartition } from '../group-partition.ts';
import type { CommittedOffset } from './group-offsets.ts';
import { mapInPieces, whenDone, type Pieces } from '../../platform/pieces.ts';
import type { OffsetRecord } from './records.ts';

/** Who commits, as OffsetCommit tells. */
export interface Committer {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** -1 for one that does not use membership. */
  readonly generationId: number;
}

/** Named as in OffsetCommitRequest, with names and ids both filled in. */
export interface CommitTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly committedOffset: number;
    readonly committedLeaderEpoch: number;
    readonly committedMetadata: string | null;
  }[];
}

export interface OffsetCommitRequest extends Committer {
  readonly groupId: string;
  /** -1: the broker's own. */
  readonly retentionTimeMs: number;
  /** False for OffsetCommit before v9, which knows no member epochs (KIP-848). */
  readonly knowsEpochs: boolean;
  readonly topics: readonly CommitTopic[];
}

/** A commit that is part of a transaction (KIP-98). */
export interface TransactionalCommit extends OffsetCommitRequest {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface CommittedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: { readonly partitionIndex: number; readonly errorCode: number }[];
}

/** Named as in OffsetFetchRequest's groups. */
export interface OffsetFetchRequest {
  readonly groupId: string;
  /** Null and -1 for who does not say; members of consumer groups do, from v9 on (KIP-848). */
  readonly memberId?: string | null;
  readonly memberEpoch?: number;
  /** Null: every topic with a committed offset. */
  readonly topics: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null;
}

export interface FetchedPartition {
  readonly partitionIndex: number;
  /** -1: none committed. */
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

export interface FetchedGroup {
  readonly groupId: string;
  readonly errorCode: number;
  readonly topics: { readonly name: string; readonly partitions: FetchedPartition[] }[];
}

export interface DeleteTopic {
  readonly name: string;
  readonly partitions: readonly { readonly partitionIndex: number }[];
}

export interface DeletedTopicOffsets {
  readonly name: string;
  readonly partitions: { readonly partitionIndex: number; readonly errorCode: number }[];
}

export interface DeletedOffsets {
  readonly errorCode: number;
  readonly topics: DeletedTopicOffsets[];
}

/** The records of a commit that is allowed, and the answer that goes out once they are written. */
export function commitOffsets(
  request: OffsetCommitRequest,
  nowMs: number,
  metadataMaxBytes: number,
): { records: OffsetRecord[]; topics: CommittedTopic[] } {
  const records: OffsetRecord[] = [];
  const expireTimestamp = request.retentionTimeMs === -1 ? -1 : nowMs + request.retentionTimeMs;
  const topics = request.topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map((asked) => {
      const { partitionIndex } = asked;
      const metadata = asked.committedMetadata ?? '';
      // Kafka says bytes and counts UTF-16 units.
      if (metadata.length > metadataMaxBytes) {
        return { partitionIndex, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE };
      }
      const committed: CommittedOffset = {
        offset: asked.committedOffset,
        leaderEpoch: asked.committedLeaderEpoch,
        metadata,
        commitTimestamp: nowMs,
        expireTimestamp,
        topicId,
      };
      records.push({ type: 'offset', groupId: request.groupId, topic: name, partition: partitionIndex, committed });
      return { partitionIndex, errorCode: ErrorCode.NONE };
    }),
  }));
  return { records, topics };
}

/** The same code for every partition of a commit. */
export function refuseCommit(topics: readonly CommitTopic[], errorCode: number): CommittedTopic[] {
  return topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }));
}

/** Of an unknown group every offset is unknown, which is no error: it is how a new group begins. */
export function fetchOffsets(
  at: GroupPartition,
  request: OffsetFetchRequest,
  requireStable: boolean,
): Pieces<FetchedGroup> {
  const { groupId } = request;
  const offsets = at.offsetsOf(groupId);
  const fetch = (name: string, partitionIndex: number): FetchedPartition => {
    if (requireStable && at.pending.has(groupId, name, partitionIndex)) {
      return unknownOffset(partitionIndex, ErrorCode.UNSTABLE_OFFSET_COMMIT);
    }
    const committed = offsets.get(name, partitionIndex);
    if (committed === undefined) return unknownOffset(partitionIndex, ErrorCode.NONE);
    return {
      partitionIndex,
      committedOffset: committed.offset,
      committedLeaderEpoch: committed.leaderEpoch,
      metadata: committed.metadata,
      errorCode: ErrorCode.NONE,
    };
  };
  const fetchAll = (name: string, indexes: Iterable<number>) =>
    whenDone(
      mapInPieces(indexes, (partition) => fetch(name, partition)),
      (partitions) => ({ name, partitions }),
    );
  const fetched =
    request.topics === null
      ? mapInPieces(offsets.topics, ([name, partitions]) => fetchAll(name, partitions.keys()))
      : mapInPieces(request.topics, ({ name, partitionIndexes }) => fetchAll(name, partitionIndexes));
  return whenDone(fetched, (topics) => ({ groupId, errorCode: ErrorCode.NONE, topics }));
}

export function unknownOffset(partitionIndex: number, errorCode: number): FetchedPartition {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode };
}

/** Tombstones for what may be deleted. Deleting what is not there succeeds, as in Kafka. */
export function deleteOffsets(
  at: GroupPartition,
  groupId: string,
  topics: readonly DeleteTopic[],
  isInUse: (topic: string) => boolean,
): { records: OffsetRecord[]; topics: DeletedTopicOffsets[] } {
  const records: OffsetRecord[] = [];
  const deleted = topics.map(({ name, partitions }) => {
    const errorCode = isInUse(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
    for (const { partitionIndex } of partitions) {
      const isThere =
        at.offsetsOf(groupId).get(name, partitionIndex) !== undefined || at.pending.has(groupId, name, partitionIndex);
      if (errorCode !== ErrorCode.NONE || !isThere) continue;
      records.push({ type: 'offset', groupId, topic: name, partition: partitionIndex, committed: null });
    }
    return { name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
  });
  return { records, topics: deleted };
}
