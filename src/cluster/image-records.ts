/** The records that make an image from nothing: what a metadata log is rewritten to when it has grown long. Pure. */
import { ResourceType, type ClusterImage, type PartitionImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';

/** replay(emptyImage, recordsOf(image)) equals the image. */
export function recordsOf(image: ClusterImage): MetadataDraft[] {
  const records: MetadataDraft[] = [];
  for (const [name, featureLevel] of image.features) records.push({ type: 'FeatureLevelRecord', name, featureLevel });
  for (const broker of image.brokers.values()) {
    records.push({
      type: 'RegisterBrokerRecord',
      brokerId: broker.id,
      brokerEpoch: broker.epoch,
      incarnationId: broker.incarnationId,
      rack: broker.rack,
      fenced: broker.fenced,
      endPoints: [...broker.listeners],
      features: [],
      logDirs: [...broker.logDirectoryIds],
    });
  }
  for (const topic of image.topicsById.values()) {
    records.push({ type: 'TopicRecord', name: topic.name, topicId: topic.id });
    for (const [index, partition] of topic.partitions.entries())
      records.push(partitionRecord(topic.id, index, partition));
  }
  for (const [key, settings] of image.configs) {
    const colon = key.indexOf(':');
    const resourceType = Number(key.slice(0, colon));
    const resourceName = key.slice(colon + 1);
    if (resourceType === ResourceType.topic && !image.topicsByName.has(resourceName)) continue;
    for (const [name, value] of settings)
      records.push({ type: 'ConfigRecord', resourceType, resourceName, name, value });
  }
  for (const { entity, values } of image.quotas.values()) {
    for (const [key, value] of values) {
      records.push({ type: 'ClientQuotaRecord', entity: [...entity], key, value, remove: false });
    }
  }
  for (const credential of image.scramCredentials.values()) {
    records.push({ type: 'UserScramCredentialRecord', ...credential });
  }
  if (image.nextProducerId > 0) {
    records.push({ type: 'ProducerIdsRecord', brokerId: -1, nextProducerId: image.nextProducerId });
  }
  return records;
}

function partitionRecord(topicId: string, partitionId: number, partition: PartitionImage): MetadataDraft {
  return {
    type: 'PartitionRecord',
    topicId,
    partitionId,
    replicas: [...partition.replicas],
    isr: [...partition.isr],
    removingReplicas: [...partition.removingReplicas],
    addingReplicas: [...partition.addingReplicas],
    leader: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    directories: [...partition.directories],
    eligibleLeaderReplicas: partition.elr.length > 0 ? [...partition.elr] : null,
    lastKnownElr: partition.lastKnownElr.length > 0 ? [...partition.lastKnownElr] : null,
  };
}
