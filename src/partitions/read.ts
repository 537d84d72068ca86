/** What one fetch finds in each partition it asks for: places in files, not bytes. */
import { ErrorCode } from '../../protocol/errors.ts';
import { CheckedReader } from '../log/checked-reader.ts';
import { CorruptBatchError } from '../log/damage.ts';
import { checkLeaderEpoch } from './epoch-check.ts';
import { isHeldBack, replicaFor } from './follower-service.ts';
import { hostedPartition } from './hosted-partition.ts';
import { endOffsetForEpoch } from './epoch-end.ts';
import { mapInPieces, type Pieces } from '../platform/pieces.ts';
import type { Racks } from './preferred-replica.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';

export { CorruptBatchError };

/** One partition of a fetch. By name before v13, by id from then on: then the name may be unknown. */
export interface FetchPartition {
  readonly topic: string;
  /** Null before v13. All zeros is an id that no topic has. */
  readonly topicId: string | null;
  readonly partition: number;
  fetchOffset: number;
  maxBytes: number;
  currentLeaderEpoch: number;
  /** Where the log of a follower begins; consumers do not say. */
  logStartOffset?: number;
  /** The epoch of the record before fetchOffset as the client has it, -1 where it does not say (KIP-595). */
  lastFetchedEpoch: number;
}

export interface FetchedRange {
  /** Null where there is nothing but an error to tell. */
  partition: Partition | null;
  errorCode: number;
  highWatermark: number;
  lastStableOffset: number;
  logStartOffset: number;
  /** Where the client's log and ours part, when they do. */
  divergingEpoch: { epoch: number; endOffset: number } | null;
  /** For read_committed: whose records among these are to be passed over, and from where. */
  abortedTransactions: readonly { producerId: number; firstOffset: number }[];
  /** Gives no batch that is not sound: it throws CorruptBatchError. */
  file: RecordFile | null;
  position: number;
  length: number;
  /** A replica nearer to the consumer has the same: there it is to read (KIP-392). */
  preferredReplica?: number;
  /** A younger segment has more, which the next fetch gets: there is nothing to wait for. */
  isOfOlderSegment?: true;
}

/** What a range of records is read from, front to back. */
export interface RecordFile extends Pick<CheckedReader, 'path' | 'read'> {
  /** `read` may give less than it is asked for before the end. */
  readonly givesWholeBatches?: true;
}

const NO_TRANSACTIONS: readonly { producerId: number; firstOffset: number }[] = [];

export interface ReadLimits {
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  /** Broker id of the follower that fetches; negative, or nothing, for consumers. */
  readonly followerId?: number;
  /** The broker epoch of that follower's process; -1 where it does not say. */
  readonly followerEpoch?: number;
  /** Why the client may not read of a partition, NONE where it may; null where nobody asks. */
  readonly refusalOf?: ((asked: FetchPartition) => number) | null;
  /** A consumer that may be served by a follower (from v11 on, KIP-392). */
  readonly readsFollowers?: boolean;
  /** Where a consumer stands, in a cluster that sends it to a replica in its own rack. */
  readonly racks?: Racks | null;
  /** The fetch was counted when it came, and has waited since. */
  readonly isCounted?: true;
  /** Of the follower's session: told what is read, and what is left. */
  readonly watch?: ReadWatch | null;
}

/** See SessionWatch. */
export interface ReadWatch {
  reads(asked: FetchPartition, partition: Partition | null): void;
  hasRead(asked: FetchPartition, found: FetchedRange): void;
}

/** A follower sees all that the log has, and says by its offset what it has itself. */
export function isFollower({ followerId = -1 }: ReadLimits): boolean {
  return followerId >= 0;
}

/**
 * Reads in the order asked. The first partition that has anything gives at least one batch, however large, so that a
 * consumer with small limits still moves on (KIP-74).
 */
export function readAll(partitions: Partitions, asked: Iterable<FetchPartition>, limits: ReadLimits): FetchedRange[] {
  const found: FetchedRange[] = [];
  let left = limits.maxBytes;
  let atLeastOne = true;
  for (const one of asked) {
    const result = readOrFail(partitions, one, limits, left, atLeastOne);
    if (result.length > 0) atLeastOne = false;
    left -= result.length;
    found.push(result);
  }
  return found;
}

/** The same with pauses, for a fetch of very many. */
export function* readInPieces(
  partitions: Partitions,
  asked: readonly FetchPartition[],
  limits: ReadLimits,
): Pieces<FetchedRange[]> {
  let left = limits.maxBytes;
  return yield* mapInPieces(asked, (one) => {
    const result = readOrFail(partitions, one, limits, left, left === limits.maxBytes);
    left -= result.length;
    return result;
  });
}

/** Partition, or the error that says why there is none. */
export function findPartition(partitions: Partitions, asked: FetchPartition): Partition | number {
  if (asked.topicId !== null) {
    const topic = partitions.topicById(asked.topicId);
    if (topic === undefined) return ErrorCode.UNKNOWN_TOPIC_ID;
    return hostedPartition(topic, asked.partition);
  }
  return hostedPartition(partitions.topicByName(asked.topic), asked.partition);
}

function readOne(
  partition: Partition,
  asked: FetchPartition,
  limits: ReadLimits,
  left: number,
  atLeastOne: boolean,
): FetchedRange {
  const { log } = partition;
  const { readCommitted } = limits;
  const epochError = checkLeaderEpoch(partition, asked.currentLeaderEpoch, limits.readsFollowers !== true);
  if (epochError !== ErrorCode.NONE) return failed(epochError);
  const result: FetchedRange = {
    partition,
    errorCode: ErrorCode.NONE,
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: log.logStartOffset,
    divergingEpoch: null,
    abortedTransactions: NO_TRANSACTIONS,
    file: null,
    position: 0,
    length: 0,
  };
  const { racks = null } = limits;
  const preferred = racks === null ? null : replicaFor(partition, asked.fetchOffset, racks);
  if (preferred !== null) {
    result.preferredReplica = preferred;
    return result;
  }
  if (asked.lastFetchedEpoch !== -1) {
    const end = endOffsetForEpoch(partition, asked.lastFetchedEpoch);
    if (end.endOffset === -1) return failed(ErrorCode.OFFSET_OUT_OF_RANGE); // an epoch that never was
    if (end.leaderEpoch < asked.lastFetchedEpoch || end.endOffset < asked.fetchOffset) {
      result.divergingEpoch = { epoch: end.leaderEpoch, endOffset: end.endOffset };
      return result;
    }
  }
  if (asked.fetchOffset < log.logStartOffset || asked.fetchOffset > log.endOffset) {
    return failed(ErrorCode.OFFSET_OUT_OF_RANGE);
  }
  if (isFollower(limits) && !count(partition, asked, limits)) {
    // As Kafka: with an epoch the follower has only to ask again, its assignment is on the way here.
    return failed(asked.currentLeaderEpoch >= 0 ? ErrorCode.UNKNOWN_LEADER_EPOCH : ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }
  const upTo = endFor(partition, limits);
  if (asked.fetchOffset >= upTo) return result;
  if (isFollower(limits) && isHeldBack(partition, limits.followerId!)) return result;
  const maxBytes = Math.min(left, asked.maxBytes);
  if (maxBytes <= 0 && !atLeastOne) return result;
  const range = log.locate(asked.fetchOffset, upTo, maxBytes, atLeastOne);
  if (range !== null) {
    // A follower checks what it gets itself.
    result.file = log.config.checkCrcsOnFetch && !isFollower(limits) ? new CheckedReader(range) : range.file;
    result.position = range.position;
    result.length = range.length;
    const youngest = log.segments.at(-1)!.baseOffset;
    if (asked.fetchOffset < youngest && youngest < upTo) result.isOfOlderSegment = true;
    if (readCommitted) result.abortedTransactions = log.abortedTransactions(asked.fetchOffset, range.nextOffset);
  }
  return result;
}

/** False where the broker that fetches is no follower of the partition. */
function count(partition: Partition, asked: FetchPartition, limits: ReadLimits): boolean {
  const { fetchOffset: endOffset, logStartOffset = -1 } = asked;
  const { followerId = -1, followerEpoch: brokerEpoch = -1 } = limits;
  if (limits.isCounted === true) return true;
  return partition.noteFollowerFetch({ followerId, endOffset, logStartOffset, brokerEpoch });
}

function endFor(partition: Partition, limits: ReadLimits): number {
  if (isFollower(limits)) return partition.endOffset;
  return limits.readCommitted ? partition.lastStableOffset : partition.highWatermark;
}

/** A follower's session is told of it: what has happened to a partition since is read with the next fetch. */
function readOrFail(
  partitions: Partitions,
  asked: FetchPartition,
  limits: ReadLimits,
  left: number,
  atLeastOne: boolean,
): FetchedRange {
  const { refusalOf = null, watch = null } = limits;
  const refused = refusalOf === null ? ErrorCode.NONE : refusalOf(asked);
  const partition = refused === ErrorCode.NONE ? findPartition(partitions, asked) : refused;
  watch?.reads(asked, typeof partition === 'number' ? null : partition);
  let found: FetchedRange;
  if (typeof partition === 'number') found = failed(partition);
  else {
    try {
      found = readOne(partition, asked, limits, left, atLeastOne);
    } catch (error) {
      found = failed(readErrorCode(partitions, partition, error));
    }
  }
  watch?.hasRead(asked, found);
  return found;
}

/** What a client is told when reading has failed; damage has been said in the log by whoever found it. */
export function readErrorCode(partitions: Partitions, partition: Partition, error: unknown): number {
  if (error instanceof CorruptBatchError) return ErrorCode.CORRUPT_MESSAGE;
  partitions.noteReadFailure(partition, error);
  return ErrorCode.KAFKA_STORAGE_ERROR;
}

/** What is told of a partition that gives nothing but an error. */
export function failed(errorCode: number): FetchedRange {
  return {
    partition: null,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: null,
    abortedTransactions: NO_TRANSACTIONS,
    file: null,
    position: 0,
    length: 0,
  };
}
