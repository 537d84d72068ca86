/** What brokers ask of one another: by requests (src/peers). A broker alone has none to ask. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Answer } from '../coordination/answers.ts';
import { encodeBatch, type RecordDraft } from '../../protocol/records/encode.ts';
import { LogError, type Marker, type Partition } from '../partitions/partition.ts';
import type { ShareState } from '../share/share-state.ts';
import type { AdmittedProducer } from '../transactions/admission.ts';
import { writeMarker, type MarkedParts } from '../transactions/markers.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';

/** Another broker, as far as this one asks something of it. Answers never reject. */
export interface Peer {
  /** NONE once the marker is committed there; see markers.ts. */
  writeMarker(partition: TopicPartition, marker: Marker): Answer<number>;
  /** See TransactionCoordinator. */
  admit(producer: AdmittedProducer, partition: TopicPartition): Answer<number>;
  /** The end of a partition as consumers see it; -1 where it is unknown there. */
  endOffset(partition: TopicPartition): Answer<number>;
  /** NONE once all in-sync replicas have the batch. */
  append(partition: TopicPartition & { readonly topicId: string }, batch: Uint8Array): Answer<number>;
  /** Of the partitions of __share_group_state that it leads. */
  readonly shareState: Answer<ShareState>;
}

/** Undefined where the broker does not run, or cannot be reached. */
export type Peers = (nodeId: number) => Peer | undefined;

/** How long records may take to be committed. */
const COMMIT_TIMEOUT_MS = 30_000;

type Image = BrokerParts['metadata']['image'];

function leaderOf({ topicsByName }: Image, { topic, partition }: TopicPartition): number | undefined {
  return topicsByName.get(topic)?.partitions[partition]?.leader;
}

/** Into a partition of this broker or of a peer; NOT_LEADER_OR_FOLLOWER where its leader cannot be reached now. */
export function writeMarkerAtLeader(
  own: MarkedParts & Pick<BrokerParts, 'nodeId' | 'metadata'>,
  peers: Peers,
  partition: TopicPartition,
  marker: Marker,
): Answer<number> {
  const leader = leaderOf(own.metadata.image, partition) ?? own.nodeId;
  if (leader === own.nodeId) return writeMarker(own, partition, marker);
  return peers(leader)?.writeMarker(partition, marker) ?? ErrorCode.NOT_LEADER_OR_FOLLOWER;
}

/** The end of a partition as consumers see it; -1 where its leader cannot be reached now. */
export function endOffsetAtLeader(
  own: Pick<BrokerParts, 'nodeId' | 'metadata' | 'partitions'>,
  peers: Peers,
  { topic, partition }: TopicPartition,
): Answer<number> {
  const leader = leaderOf(own.metadata.image, { topic, partition }) ?? own.nodeId;
  if (leader === own.nodeId) return own.partitions.get(topic, partition)?.highWatermark ?? -1;
  return peers(leader)?.endOffset({ topic, partition }) ?? -1;
}

/** Appends records as one batch at the leader, here or at a peer; an error code, NONE once they are committed. */
export function appendAtLeader(
  own: Pick<BrokerParts, 'nodeId' | 'metadata' | 'partitions'>,
  peers: Peers,
  { topic, partition }: TopicPartition,
  records: readonly RecordDraft[],
): Answer<number> {
  const leader = leaderOf(own.metadata.image, { topic, partition }) ?? own.nodeId;
  if (leader === own.nodeId) return appendHere(own.partitions.get(topic, partition), records);
  const topicId = own.metadata.image.topicsByName.get(topic)?.id;
  if (topicId === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const place = { topic, topicId, partition };
  return peers(leader)?.append(place, encodeBatch({ records })) ?? ErrorCode.NOT_LEADER_OR_FOLLOWER;
}

function appendHere(partition: Partition | undefined, records: readonly RecordDraft[]): Answer<number> {
  if (partition === undefined) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
  try {
    return partition.committed(partition.appendRecords(records), COMMIT_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof LogError) return error.errorCode;
    throw error;
  }
}

/** What the coordinator says, here or at the peer that leads the id's partition of __transaction_state. */
export function admitAtCoordinator(
  own: Pick<BrokerParts, 'nodeId' | 'metadata' | 'transactions'>,
  peers: Peers,
  producer: AdmittedProducer,
  partition: TopicPartition,
): Answer<number> {
  const index = own.transactions.partitionFor(producer.transactionalId);
  const leader = leaderOf(own.metadata.image, { topic: '__transaction_state', partition: index }) ?? own.nodeId;
  if (leader === own.nodeId) return own.transactions.admit(producer, partition);
  return peers(leader)?.admit(producer, partition) ?? ErrorCode.COORDINATOR_NOT_AVAILABLE;
}
