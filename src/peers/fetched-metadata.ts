/** The requests by which a broker reads the metadata log as an observer (KIP-595, KIP-630), and what their responses mean. PURE. */
import type { Fetch } from '../../protocol/apis/01-fetch.ts';
import type { FetchSnapshot } from '../../protocol/apis/59-fetch-snapshot.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestDraft, ResponseOf } from '../../protocol/schema.ts';
import type { EpochEnd } from '../cluster/metadata-directory.ts';
import type { Address } from './controller-quorum.ts';

const TOPIC = '__cluster_metadata';
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
/** How long a controller keeps a fetch that finds nothing new. */
const WAIT_MS = 500;
const NONE = -1;
const NOTHING = Buffer.alloc(0);

/** Who reads, and where its log stands. */
export interface Reader {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Of the log directory that the copy lies in. */
  readonly directoryId: string;
  /** The newest epoch that it knows of. */
  readonly leaderEpoch: number;
  readonly maxBytes: number;
}

export interface Position extends EpochEnd {
  /** What it knows of the high watermark: a controller answers at once where that has moved (KIP-1166). */
  readonly highWatermark: number;
}

export function fetchRequest(
  { clusterId, nodeId, directoryId, leaderEpoch, maxBytes }: Reader,
  { endOffset, epoch, highWatermark }: Position,
): RequestDraft<typeof Fetch> {
  return {
    clusterId,
    replicaState: { replicaId: nodeId, replicaEpoch: -1 },
    maxWaitMs: WAIT_MS,
    minBytes: 0,
    maxBytes,
    topics: [
      {
        topicId: TOPIC_ID,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: leaderEpoch,
            fetchOffset: endOffset,
            lastFetchedEpoch: epoch,
            partitionMaxBytes: maxBytes,
            replicaDirectoryId: directoryId,
            ...(highWatermark < 0 ? {} : { highWatermark }),
          },
        ],
      },
    ],
  };
}

export function snapshotRequest(
  { clusterId, nodeId, directoryId, leaderEpoch, maxBytes }: Reader,
  { endOffset, epoch }: EpochEnd,
  position: number,
): RequestDraft<typeof FetchSnapshot> {
  const snapshotId = { endOffset, epoch };
  const partition = {
    partition: 0,
    currentLeaderEpoch: leaderEpoch,
    snapshotId,
    position,
    replicaDirectoryId: directoryId,
  };
  return { clusterId, replicaId: nodeId, maxBytes, topics: [{ name: TOPIC, partitions: [partition] }] };
}

export type Fetched =
  /** What lies behind the position, and up to where all is committed; -1 where the controller does not know yet. */
  | { readonly kind: 'records'; readonly records: Buffer; readonly highWatermark: number; readonly epoch: number }
  /** The reader's log has gone another way behind this end. */
  | { readonly kind: 'diverging'; readonly end: EpochEnd }
  /** The reader is behind the beginning of the log. */
  | { readonly kind: 'snapshot'; readonly id: EpochEnd }
  /** Another one is active, or this one under another epoch; who answers may not know where. */
  | { readonly kind: 'elsewhere'; readonly epoch: number; readonly leader: Address | null }
  | { readonly kind: 'failed'; readonly errorCode: number };

/** Errors that say who is active instead. */
const ELSEWHERE: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.BROKER_NOT_AVAILABLE,
]);

export function readFetch(response: ResponseOf<typeof Fetch>): Fetched {
  const partition = response.responses[0]?.partitions[0];
  if (response.errorCode !== ErrorCode.NONE || partition === undefined)
    return { kind: 'failed', errorCode: response.errorCode };
  const { errorCode, currentLeader, divergingEpoch, snapshotId, highWatermark, records } = partition;
  const epoch = currentLeader.leaderEpoch;
  if (ELSEWHERE.has(errorCode))
    return { kind: 'elsewhere', epoch, leader: addressOf(currentLeader.leaderId, response.nodeEndpoints) };
  if (errorCode !== ErrorCode.NONE) return { kind: 'failed', errorCode };
  if (divergingEpoch.epoch !== NONE) return { kind: 'diverging', end: divergingEpoch };
  if (snapshotId.endOffset !== NONE) return { kind: 'snapshot', id: snapshotId };
  return { kind: 'records', records: bufferOf(records ?? NOTHING), highWatermark, epoch };
}

export type SnapshotPiece =
  | { readonly kind: 'piece'; readonly position: number; readonly size: number; readonly bytes: Buffer }
  | { readonly kind: 'elsewhere'; readonly epoch: number; readonly leader: Address | null }
  /** The snapshot is gone, for example: a newer one has taken its place. */
  | { readonly kind: 'failed'; readonly errorCode: number };

export function readSnapshotPiece(response: ResponseOf<typeof FetchSnapshot>): SnapshotPiece {
  const partition = response.topics[0]?.partitions[0];
  if (response.errorCode !== ErrorCode.NONE || partition === undefined)
    return { kind: 'failed', errorCode: response.errorCode };
  const { errorCode, currentLeader, position, size, unalignedRecords } = partition;
  if (ELSEWHERE.has(errorCode)) {
    const leader = addressOf(currentLeader.leaderId, response.nodeEndpoints);
    return { kind: 'elsewhere', epoch: currentLeader.leaderEpoch, leader };
  }
  if (errorCode !== ErrorCode.NONE) return { kind: 'failed', errorCode };
  return { kind: 'piece', position, size, bytes: bufferOf(unalignedRecords) };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function addressOf(
  leaderId: number,
  nodes: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[],
): Address | null {
  const node = leaderId < 0 ? undefined : nodes.find(({ nodeId }) => nodeId === leaderId);
  return node === undefined ? null : { host: node.host, port: node.port };
}
