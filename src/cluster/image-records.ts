/** The records that make an image from nothing: a snapshot of it, and what a log is rewritten to when it has grown long. Pure. */
import { ResourceType, type BrokerImage, type ClusterImage, type PartitionImage } from './image.ts';
import type { DraftOf, MetadataDraft } from './metadata-records.ts';

/** replay(emptyImage, recordsOf(image)) equals the image. */
export function recordsOf(image: ClusterImage): MetadataDraft[] {
  return [...eachRecordOf(image)];
}

/** The same, each made when it is asked for: of a large cluster there are a million. */
export function* eachRecordOf(image: ClusterImage): Generator<MetadataDraft, void, void> {
  for (const [name, featureLevel] of image.features) yield { type: 'FeatureLevelRecord', name, featureLevel };
  for (const { id: controllerId, listeners, features, incarnationId } of image.controllers.values()) {
    const [endPoints, supported] = [[...listeners], [...features]];
    const zkMigrationReady = false;
    yield {
      type: 'RegisterControllerRecord',
      controllerId,
      incarnationId,
      zkMigrationReady,
      endPoints,
      features: supported,
    };
  }
  for (const broker of image.brokers.values()) yield brokerRecord(broker);
  yield* topicsOf(image);
  yield* configsOf(image);
  yield* securityOf(image);
  if (image.nextProducerId > 0) {
    yield { type: 'ProducerIdsRecord', brokerId: -1, nextProducerId: image.nextProducerId };
  }
  if (image.pending !== null) {
    yield { type: 'BeginTransactionRecord' };
    yield* image.pending;
  }
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

function* topicsOf(image: ClusterImage): Generator<MetadataDraft, void, void> {
  for (const { id, name, partitions } of image.topicsById.values()) {
    yield { type: 'TopicRecord', name, topicId: id };
    for (let index = 0; index < partitions.length; index++) yield partitionRecord(id, index, partitions[index]);
  }
}

export function partitionRecord(topicId: string, partitionId: number, partition: PartitionImage): MetadataDraft {
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

function* configsOf(image: ClusterImage): Generator<MetadataDraft, void, void> {
  for (const [key, settings] of image.configs) {
    const colon = key.indexOf(':');
    const resourceType = Number(key.slice(0, colon));
    const resourceName = key.slice(colon + 1);
    if (resourceType === ResourceType.topic && !image.topicsByName.has(resourceName)) continue;
    for (const [name, value] of settings) yield { type: 'ConfigRecord', resourceType, resourceName, name, value };
  }
  for (const { entity, values } of image.quotas.values()) {
    for (const [key, value] of values) {
      yield { type: 'ClientQuotaRecord', entity: [...entity], key, value, remove: false };
    }
  }
}

function* securityOf(image: ClusterImage): Generator<MetadataDraft, void, void> {
  for (const credential of image.scramCredentials.values()) yield { type: 'UserScramCredentialRecord', ...credential };
  for (const entry of image.accessControlEntries.values()) yield { type: 'AccessControlEntryRecord', ...entry };
  for (const { renewers, ...token } of image.delegationTokens.values()) {
    yield { type: 'DelegationTokenRecord', renewers: [...renewers], ...token };
  }
}
