/**
 * What brokers ask of one another. Those in one process (tests) reach into each other's parts; requests between brokers come
 * with replication. A broker alone has none to ask.
 */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Answer } from '../coordination/answers.ts';
import type { Marker } from '../partitions/partition.ts';
import type { TransactionCoordinator } from '../transactions/coordinator.ts';
import { writeMarker, type MarkedParts } from '../transactions/markers.ts';
import type { TopicPartition } from '../coordination/topic-partition.ts';

/** The parts of a broker that runs; undefined where it does not. */
export type Peers = (nodeId: number) => BrokerParts | undefined;

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
  const parts = leader === own.nodeId ? own : peers(leader);
  return parts === undefined ? ErrorCode.NOT_LEADER_OR_FOLLOWER : writeMarker(parts, partition, marker);
}

/** The end of a partition as consumers see it; -1 where its leader cannot be reached now. */
export function endOffsetAtLeader(
  own: Pick<BrokerParts, 'nodeId' | 'metadata' | 'partitions'>,
  peers: Peers,
  { topic, partition }: TopicPartition,
): number {
  const leader = leaderOf(own.metadata.image, { topic, partition }) ?? own.nodeId;
  const { partitions } = (leader === own.nodeId ? undefined : peers(leader)) ?? own;
  return partitions.get(topic, partition)?.highWatermark ?? -1;
}

/** The coordinator of a transactional id: this broker's, or that of the peer that leads its partition of __transaction_state. */
export function transactionCoordinatorOf(
  own: Pick<BrokerParts, 'nodeId' | 'metadata' | 'transactions'>,
  peers: Peers,
  transactionalId: string,
): TransactionCoordinator {
  const partition = own.transactions.partitionFor(transactionalId);
  const leader = leaderOf(own.metadata.image, { topic: '__transaction_state', partition }) ?? own.nodeId;
  return (leader === own.nodeId ? undefined : peers(leader))?.transactions ?? own.transactions;
}
