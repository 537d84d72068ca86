/** What a broker's start means to the cluster. Pure. */
import type { ClusterImage, ListenerImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';

export interface BrokerRegistration {
  readonly id: number;
  /** Fresh at every start. */
  readonly incarnationId: string;
  readonly rack: string | null;
  readonly listeners: readonly ListenerImage[];
  readonly logDirectoryIds: readonly string[];
}

/**
 * Registers the broker under a new epoch, and elects it anew wherever it is the leader or the only replica: so that what it
 * writes from now on stands under another leader epoch than what it wrote in its former life (KIP-320, KIP-966).
 */
export function registerBroker(registration: BrokerRegistration, image: ClusterImage): MetadataDraft[] {
  const { id } = registration;
  const records: MetadataDraft[] = [
    {
      type: 'RegisterBrokerRecord',
      brokerId: id,
      brokerEpoch: image.revision + 1,
      incarnationId: registration.incarnationId,
      rack: registration.rack,
      fenced: false,
      endPoints: [...registration.listeners],
      features: [],
      logDirs: [...registration.logDirectoryIds],
    },
  ];
  for (const topic of image.topicsById.values()) {
    for (const [partitionId, partition] of topic.partitions.entries()) {
      const isOnly = partition.replicas.length === 1 && partition.replicas[0] === id;
      if (partition.leader !== id && !isOnly) continue;
      records.push({ type: 'PartitionChangeRecord', topicId: topic.id, partitionId, leader: id });
    }
  }
  return records;
}
