/** Finds offsets by timestamp, and where a partition begins and ends. */
import { ErrorCode } from '../../protocol/errors.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { checkLeaderEpoch } from '../partitions/epoch-check.ts';
import { hostedPartition } from '../partitions/hosted-partition.ts';
import { leaderEpochOf, offsetForTimestamp, offsetOfMaxTimestamp } from '../partitions/offset-lookup.ts';
import type { Partition } from '../partitions/partition.ts';
import { readErrorCode } from '../partitions/read.ts';
import { eachInPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { describe } from '../security/needs.ts';

/** Timestamps that name an offset (KIP-79, KIP-734, KIP-405, KIP-1005, KIP-1023). */
const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;
/** The first version that may name each of them. */
const SINCE = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
]);
const NOT_AVAILABLE_SINCE = 5;
/** In the place of a broker id. */
const CONSUMER = -1;
const DEBUGGING = -2;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const UNKNOWN = { offset: -1, timestamp: -1, leaderEpoch: -1 };

export const listOffsets = handler(ListOffsets, {
  parts: {
    list: 'topics',
    needs: () => (topic) => describe.topic(topic.name),
    refused: ({ name, partitions }, errorCode) => ({
      name,
      partitions: partitions.map((one) => failed(one, errorCode)),
    }),
    answers: 'topics',
    place: 'last',
  },
  handle: (request, { apiVersion }, broker: Parts<'partitions'>) => {
    const { isolationLevel } = request;
    if (isolationLevel !== READ_UNCOMMITTED && isolationLevel !== READ_COMMITTED) {
      return refuse(request, ErrorCode.UNKNOWN_SERVER_ERROR); // Kafka answers the same: no error code is meant for it
    }
    const find = finder(broker, apiVersion, readerOf(request));
    const found = whenDone(duplicates(request.topics), (twice) =>
      mapInPieces(request.topics, ({ name, partitions }) => {
        const findOne = (one: AskedPartition) =>
          twice.has(`${name}/${one.partitionIndex}`) ? failed(one, ErrorCode.INVALID_REQUEST) : find(name, one);
        return whenDone(mapInPieces(partitions, findOne), (all) => ({ name, partitions: all }));
      }),
    );
    return whenDone(found, (topics) => ({ topics }));
  },
  refuse,
});

type AskedPartition = RequestOf<typeof ListOffsets>['topics'][number]['partitions'][number];
type Found = typeof UNKNOWN & { readonly partitionIndex: number; readonly errorCode: number };

function failed({ partitionIndex }: AskedPartition, errorCode: number): Found {
  return { partitionIndex, errorCode, ...UNKNOWN };
}

function finder({ partitions }: Parts<'partitions'>, apiVersion: number, reader: OffsetReader) {
  return (topic: string, asked: AskedPartition): Found => {
    const { partitionIndex, timestamp, currentLeaderEpoch } = asked;
    if (timestamp < 0 && !((SINCE.get(timestamp) ?? Infinity) <= apiVersion)) {
      return failed(asked, ErrorCode.UNSUPPORTED_VERSION);
    }
    const partition = hostedPartition(partitions.topicByName(topic), partitionIndex);
    if (typeof partition === 'number') return failed(asked, partition);
    const epochError = checkLeaderEpoch(partition, currentLeaderEpoch, reader !== 'debugger');
    if (epochError !== ErrorCode.NONE) return failed(asked, epochError);
    try {
      const found = findIn(partition, timestamp, reader);
      if (found === null) return failed(asked, notYet(apiVersion));
      return { partitionIndex, errorCode: ErrorCode.NONE, ...found };
    } catch (error) {
      return failed(asked, readErrorCode(partitions, partition, error));
    }
  };
}

function refuse({ topics }: RequestOf<typeof ListOffsets>, errorCode: number): ResponseDraft<typeof ListOffsets> {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode, ...UNKNOWN })),
    })),
  };
}

/** Followers and those who look into a broker see all that the log has; the latter may ask a follower too. */
type OffsetReader = 'follower' | 'debugger' | 'committed' | 'uncommitted';

function readerOf({ replicaId, isolationLevel }: RequestOf<typeof ListOffsets>): OffsetReader {
  if (replicaId === DEBUGGING) return 'debugger';
  if (replicaId !== CONSUMER) return 'follower';
  return isolationLevel === READ_COMMITTED ? 'committed' : 'uncommitted';
}

function isConsumer(reader: OffsetReader): boolean {
  return reader === 'committed' || reader === 'uncommitted';
}

/** Null where a new leader does not know yet up to where its log is committed (KIP-207). */
function findIn(partition: Partition, timestamp: number, reader: OffsetReader): typeof UNKNOWN | null {
  const { logStartOffset } = partition;
  switch (timestamp) {
    case LATEST:
      if (isConsumer(reader) && isBehind(partition)) return null;
      return { offset: endFor(partition, reader), timestamp: -1, leaderEpoch: partition.leaderEpoch };
    case EARLIEST:
    case EARLIEST_LOCAL: // nothing is tiered
      return { offset: logStartOffset, timestamp: -1, leaderEpoch: leaderEpochOf(partition, logStartOffset) };
    case LATEST_TIERED: // nothing is tiered: there is no such offset
    case EARLIEST_PENDING_UPLOAD:
      return UNKNOWN;
    default: {
      const found =
        timestamp === MAX_TIMESTAMP ? offsetOfMaxTimestamp(partition) : offsetForTimestamp(partition, timestamp);
      if (found !== null && found.offset < endFor(partition, reader)) return found;
      return isConsumer(reader) && isBehind(partition) ? null : UNKNOWN;
    }
  }
}

function endFor(partition: Partition, reader: OffsetReader): number {
  if (!isConsumer(reader)) return partition.endOffset;
  return reader === 'committed' ? partition.lastStableOffset : partition.highWatermark;
}

/** What leaders before have written may be committed, and is not known to be: an answer could take back what they have told. */
function isBehind({ leaderState, highWatermark }: Partition): boolean {
  return leaderState !== null && leaderState.startOffset > highWatermark;
}

function notYet(apiVersion: number): number {
  return apiVersion >= NOT_AVAILABLE_SINCE ? ErrorCode.OFFSET_NOT_AVAILABLE : ErrorCode.LEADER_NOT_AVAILABLE;
}

/** Partitions that the request names more than once, as 'topic/partition'. Kafka refuses only these. */
function duplicates(
  topics: readonly { name: string; partitions: readonly { partitionIndex: number }[] }[],
): Pieces<Set<string>> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  const all = eachInPieces(topics, ({ name, partitions }) =>
    eachInPieces(partitions, ({ partitionIndex }) => {
      const key = `${name}/${partitionIndex}`;
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }),
  );
  return whenDone(all, () => twice);
}
