/** The records that make an image from nothing: a snapshot of it, and what a log is rewritten to when it has grown long. Pure. */
import { ResourceType, type BrokerImage, type ClusterImage, type PartitionImage } from './image.ts';
import type { DraftOf, MetadataDraft } from './metadata-records.ts';

/** replay(emptyImage, recordsOf(image)) equals the image. */
export function recordsOf(image: ClusterImage): MetadataDraft[] {
  const records: MetadataDraft[] = [];
  for (const [name, featureLevel] of image.features) records.push({ type: 'FeatureLevelRecord', name, featureLevel });
  for (const { id: controllerId, listeners, features, incarnationId } of image.controllers.values()) {
    const [endPoints, supported] = [[...listeners], [...features]];
    const zkMigrationReady = false;
    records.push({
      type: 'RegisterControllerRecord',
      controllerId,
      incarnationId,
      zkMigrationReady,
      endPoints,
      features: supported,
    });
  }
  for (const broker of image.brokers.values()) records.push(brokerRecord(broker));
  addTopics(records, image);
  addConfigs(records, image);
  addSecurity(records, image);
  if (image.nextProducerId > 0) {
    records.push({ type: 'ProducerIdsRecord', brokerId: -1, nextProducerId: image.nextProducerId });
  }
  if (image.pending !== null) {
    records.push({ type: 'BeginTransactionRecord' });
    for (const record of image.pending) records.push(record);
  }
  return records;
}

/** What registers a broker. */
export function brokerRecord(broker: BrokerImage): DraftOf<'RegisterBrokerRecord'> {
  const cordoned = broker.cordonedLogDirectoryIds;
  return {
    type: 'RegisterBrokerRecord',
    brokerId: broker.id,
    brokerEpoch: broker.epoch,
    incarnationId: broker.incarnationId,
    rack: broker.rack,
    fenced: broker.fenced,
    inControlledShutdown: broker.inControlledShutdown,
    endPoints: [...broker.listeners],
    features: [...broker.features],
    logDirs: [...broker.logDirectoryIds],
    cordonedLogDirs: cordoned.length > 0 ? [...cordoned] : null,
  };
}

function addTopics(records: MetadataDraft[], image: ClusterImage): void {
  for (const { id, name, partitions } of image.topicsById.values()) {
    records.push({ type: 'TopicRecord', name, topicId: id });
    for (const [index, partition] of partitions.entries()) records.push(partitionRecord(id, index, partition));
  }
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
    leaderRecoveryState: partition.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    directories: [...partition.directories],
    eligibleLeaderReplicas: partition.elr.length > 0 ? [...partition.elr] : null,
    lastKnownElr: partition.lastKnownElr.length > 0 ? [...partition.lastKnownElr] : null,
  };
}

function addConfigs(records: MetadataDraft[], image: ClusterImage): void {
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
}

function addSecurity(records: MetadataDraft[], image: ClusterImage): void {
  for (const credential of image.scramCredentials.values()) {
    records.push({ type: 'UserScramCredentialRecord', ...credential });
  }
  for (const entry of image.accessControlEntries.values()) records.push({ type: 'AccessControlEntryRecord', ...entry });
  for (const { renewers, ...token } of image.delegationTokens.values()) {
    records.push({ type: 'DelegationTokenRecord', renewers: [...renewers], ...token });
  }
}
