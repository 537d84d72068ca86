/** Makes the coordinators of groups and transactions, and gives them what they need of the broker around them. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { configOf, ResourceType } from '../cluster/image.ts';
import type { ServerConfig } from '../config/server.ts';
import type { EndOffset } from '../groups/share/offsets.ts';
import { GroupCoordinator } from '../groups/coordinator.ts';
import { TransactionCoordinator } from '../transactions/coordinator.ts';
import type { ShareState } from '../share/share-state.ts';
import { writeMarkerAtLeader, type Peers } from './peers.ts';

type Needs = Pick<BrokerParts, 'clock' | 'random' | 'logger' | 'metadata' | 'channel' | 'partitions'> & {
  readonly config: () => ServerConfig;
};

/** __consumer_offsets has as many partitions as the image says, wherever they are. */
export function groupCoordinator({
  clock,
  random,
  logger,
  metadata,
  channel,
  partitions,
  config,
  shareState,
  endOffset,
}: Needs & { readonly shareState: ShareState; readonly endOffset: EndOffset }): GroupCoordinator {
  return new GroupCoordinator({
    clock,
    random,
    logger,
    get config() {
      return config();
    },
    topics: () => metadata.image,
    groupConfig: (groupId) => configOf(metadata.image, ResourceType.group, groupId),
    partitionOf: (index) => partitions.get('__consumer_offsets', index),
    partitionCount: () => metadata.image.topicsByName.get('__consumer_offsets')?.partitions.length,
    shareState,
    endOffset,
    ensureOffsetsTopic: () => channel.ensureInternalTopic('__consumer_offsets'),
  });
}

export function transactionCoordinator(
  needs: Needs & Pick<BrokerParts, 'nodeId' | 'groups' | 'producerIds'> & { readonly peers: Peers },
): TransactionCoordinator {
  const { nodeId, clock, logger, metadata, channel, partitions, groups, producerIds, config, peers } = needs;
  return new TransactionCoordinator({
    clock,
    logger,
    config,
    partitionOf: (index) => partitions.get('__transaction_state', index),
    partitionCount: () => metadata.image.topicsByName.get('__transaction_state')?.partitions.length,
    ensureTopic: () => channel.ensureInternalTopic('__transaction_state'),
    nextProducerId: () => producerIds.next(),
    transactionVersion: () => metadata.image.features.get('transaction.version') ?? 0,
    writeMarker: (partition, marker) =>
      writeMarkerAtLeader({ nodeId, metadata, partitions, groups }, peers, partition, marker),
    exists: ({ topic, partition }) => metadata.image.topicsByName.get(topic)?.partitions[partition] !== undefined,
  });
}
