/** What each of Kafka's metadata records does to the image. PURE: an image and records make another image. */
import {
  inOrder,
  quotaKey,
  resourceKey,
  scramKey,
  type AccessControlEntry,
  type BrokerImage,
  type ClusterImage,
  type DelegationToken,
  type ImageChange,
  type ListenerImage,
  type PartitionImage,
  type ScramCredential,
  type TopicImage,
} from './image.ts';
import { ImageDraft } from './image-draft.ts';
import type { MetadataRecord, MetadataRecordName, RecordOf } from './metadata-records.ts';
import { changedPartition, partitionOf } from './partition-replay.ts';
import { topicImage } from './replica-index.ts';
import { eachInPieces, type Pieces } from '../platform/pieces.ts';

/** Applies one atomic batch of records, the last of which stands at offset `revision`. */
export function replay(image: ClusterImage, records: readonly MetadataRecord[], revision: number): ClusterImage {
  return changeOf(image, records, revision).image;
}

/**
 * The same, and what the batch touched. Records of a transaction (KIP-868) touch nothing until it ends: it may take many batches.
 * @throws where the log says what cannot be: a change to what was never made, the end of what did not begin
 */
export function changeOf(image: ClusterImage, records: readonly MetadataRecord[], revision: number): ImageChange {
  const replayed = new Replay(image);
  replayed.addAll(records);
  return replayed.at(revision);
}

/** The same with pauses. */
export function* changeInPieces(
  image: ClusterImage,
  records: readonly MetadataRecord[],
  revision: number,
): Pieces<ImageChange> {
  const replayed = new Replay(image);
  yield* eachInPieces(records, (record) => replayed.add(record));
  return replayed.at(revision);
}

/** A new image under construction, of one batch of records or of many. */
export class Replay extends ImageDraft {
  /** @throws as `changeOf` */
  add(record: MetadataRecord): void {
    take(this, record);
  }

  addAll(records: readonly MetadataRecord[]): void {
    for (const record of records) take(this, record);
  }
}

function take(draft: ImageDraft, record: MetadataRecord): void {
  const isOpen = draft.image.pending !== null;
  switch (record.type) {
    case 'BeginTransactionRecord':
      if (isOpen) throw new Error('the metadata log begins a transaction within another');
      draft.image.pending = [];
      return;
    case 'EndTransactionRecord':
    case 'AbortTransactionRecord': {
      if (!isOpen) throw new Error('the metadata log ends a transaction that it never began');
      const held = draft.release();
      if (record.type === 'EndTransactionRecord') for (const each of held) apply(draft, each);
      return;
    }
    default:
      if (isOpen) draft.hold(record);
      else apply(draft, record);
  }
}

function apply<Name extends MetadataRecordName>(draft: ImageDraft, record: RecordOf<Name>): void {
  const effect = EFFECTS[record.type] as Effect<Name>;
  effect(draft, record);
}

type Effect<Name extends MetadataRecordName> = (draft: ImageDraft, record: RecordOf<Name>) => void;

const none = (): void => {};

const EFFECTS: { readonly [Name in MetadataRecordName]: Effect<Name> } = {
  RegisterBrokerRecord: (draft, record) => draft.setBroker(brokerOf(record)),
  UnregisterBrokerRecord: (draft, { brokerId }) => {
    draft.brokerIds.add(brokerId);
    draft.map('brokers').delete(brokerId);
  },
  FenceBrokerRecord: (draft, { id, epoch }) => changeBroker(draft, id, epoch, { fenced: true }),
  UnfenceBrokerRecord: (draft, { id, epoch }) => changeBroker(draft, id, epoch, { fenced: false }),
  BrokerRegistrationChangeRecord: (draft, record) =>
    changeBroker(draft, record.brokerId, record.brokerEpoch, registrationChange(record)),
  RegisterControllerRecord: (draft, { controllerId: id, incarnationId, endPoints, features }) =>
    void draft.map('controllers').set(id, { id, incarnationId, listeners: endPoints.map(listenerOf), features }),
  UnregisterControllerRecord: (draft, { controllerId }) => void draft.map('controllers').delete(controllerId),

  TopicRecord: (draft, { name, topicId }) => draft.addTopic(topicImage(name, topicId, [])),
  PartitionRecord: (draft, record) => {
    draft.moved(record.topicId);
    changePartition(draft, record.topicId, record.partitionId, () => partitionOf(record, draft.image.brokers));
  },
  PartitionChangeRecord: (draft, record) => {
    if (record.replicas !== null) draft.moved(record.topicId);
    changePartition(draft, record.topicId, record.partitionId, (old) => changed(old, record));
  },
  RemoveTopicRecord: removeTopic,
  ClearElrRecord: clearElr,

  ConfigRecord: setConfig,
  ClientQuotaRecord: setQuota,
  FeatureLevelRecord: (draft, { name, featureLevel }) => {
    if (featureLevel === 0) draft.map('features').delete(name);
    else draft.map('features').set(name, featureLevel);
  },
  UserScramCredentialRecord: (draft, record) =>
    void draft.map('scramCredentials').set(scramKey(record.mechanism, record.name), credentialOf(record)),
  RemoveUserScramCredentialRecord: (draft, { mechanism, name }) =>
    void draft.map('scramCredentials').delete(scramKey(mechanism, name)),
  AccessControlEntryRecord: (draft, record) =>
    void draft.map('accessControlEntries').set(record.id, accessControlEntryOf(record)),
  RemoveAccessControlEntryRecord: (draft, { id }) => void draft.map('accessControlEntries').delete(id),
  DelegationTokenRecord: (draft, record) =>
    void draft.map('delegationTokens').set(record.tokenId, delegationTokenOf(record)),
  RemoveDelegationTokenRecord: (draft, { tokenId }) => void draft.map('delegationTokens').delete(tokenId),

  ProducerIdsRecord: (draft, { nextProducerId }) => void (draft.image.nextProducerId = nextProducerId),
  BeginTransactionRecord: none, // the three that bound transactions: see `take`
  EndTransactionRecord: none,
  AbortTransactionRecord: none,
  ZkMigrationStateRecord: none, // there is no ZooKeeper any more to migrate from
  NoOpRecord: none,
};

function brokerOf(record: RecordOf<'RegisterBrokerRecord'>): BrokerImage {
  return {
    id: record.brokerId,
    epoch: record.brokerEpoch,
    incarnationId: record.incarnationId,
    rack: record.rack,
    listeners: record.endPoints.map(listenerOf),
    features: record.features,
    fenced: record.fenced,
    inControlledShutdown: record.inControlledShutdown,
    logDirectoryIds: record.logDirs,
    cordonedLogDirectoryIds: record.cordonedLogDirs ?? [],
  };
}

function listenerOf({ name, host, port, securityProtocol }: ListenerImage): ListenerImage {
  return { name, host, port, securityProtocol };
}

function registrationChange(record: RecordOf<'BrokerRegistrationChangeRecord'>): Partial<BrokerImage> {
  const { fenced, inControlledShutdown, logDirs, cordonedLogDirs } = record;
  return {
    ...(fenced === 0 ? {} : { fenced: fenced > 0 }),
    ...(inControlledShutdown === 0 ? {} : { inControlledShutdown: true }),
    ...(logDirs.length === 0 ? {} : { logDirectoryIds: logDirs }),
    ...(cordonedLogDirs === null ? {} : { cordonedLogDirectoryIds: cordonedLogDirs }),
  };
}

function changeBroker(draft: ImageDraft, brokerId: number, epoch: number, change: Partial<BrokerImage>): void {
  const broker = draft.image.brokers.get(brokerId);
  if (broker?.epoch !== epoch) {
    throw new Error(`the metadata log changes broker ${brokerId} of epoch ${epoch}, which is not registered`);
  }
  draft.setBroker({ ...broker, ...change });
}

function changed(old: PartitionImage | undefined, change: RecordOf<'PartitionChangeRecord'>): PartitionImage {
  if (old === undefined) {
    throw new Error(
      `the metadata log changes partition ${change.partitionId} of ${change.topicId}, which it never made`,
    );
  }
  return changedPartition(old, change);
}

function changePartition(
  draft: ImageDraft,
  topicId: string,
  index: number,
  change: (old: PartitionImage | undefined) => PartitionImage,
): void {
  const own = draft.ownTopic(topicId);
  if (own === null) throw new Error(`the metadata log names a partition of topic ${topicId}, which it never made`);
  own.set(index, change(own.topic.partitions[index]));
}

function removeTopic(draft: ImageDraft, { topicId }: RecordOf<'RemoveTopicRecord'>): void {
  const topic = draft.image.topicsById.get(topicId);
  if (topic === undefined) throw new Error(`the metadata log removes topic ${topicId}, which it never made`);
  draft.removeTopic(topic);
}

/** Of one topic, or with an empty name of all: written when eligible.leader.replicas.version or min.insync.replicas changes. */
function clearElr(draft: ImageDraft, { topicName }: RecordOf<'ClearElrRecord'>): void {
  if (topicName !== '') {
    const topic = draft.image.topicsByName.get(topicName);
    if (topic === undefined) throw new Error(`the metadata log changes topic ${topicName}, which it never made`);
    return clearElrOf(draft, topic);
  }
  for (const topic of draft.image.topicsById.values()) clearElrOf(draft, topic);
}

function clearElrOf(draft: ImageDraft, topic: TopicImage): void {
  for (const [index, partition] of topic.partitions.entries()) {
    if (partition.elr.length + partition.lastKnownElr.length === 0) continue;
    const { partitionEpoch } = partition;
    const cleared = { ...partition, elr: [], lastKnownElr: [], partitionEpoch: partitionEpoch + 1 };
    draft.ownTopic(topic.id)!.set(index, cleared);
  }
}

function setConfig(draft: ImageDraft, { resourceType, resourceName, name, value }: RecordOf<'ConfigRecord'>): void {
  const key = resourceKey(resourceType, resourceName);
  draft.resources.add(key);
  const configs = draft.map('configs');
  const settings = draft.settingsOf(key);
  if (value === null) settings.delete(name);
  else settings.set(name, value);
  if (settings.size === 0) configs.delete(key);
  else configs.set(key, settings);
}

function setQuota(draft: ImageDraft, { entity, key, value, remove }: RecordOf<'ClientQuotaRecord'>): void {
  const quotas = draft.map('quotas');
  const id = quotaKey(entity);
  const values = new Map(quotas.get(id)?.values);
  if (remove) values.delete(key);
  else values.set(key, value);
  const parts = entity.map(({ entityType, entityName }) => ({ entityType, entityName }));
  if (values.size === 0) quotas.delete(id);
  else quotas.set(id, { entity: inOrder(parts), values });
}

/** With bytes of its own: those of the record go with the log's buffer. */
function credentialOf(record: RecordOf<'UserScramCredentialRecord'>): ScramCredential {
  const { name, mechanism, iterations } = record;
  const [salt, storedKey, serverKey] = [record.salt, record.storedKey, record.serverKey].map((each) =>
    Buffer.from(each),
  );
  return { name, mechanism, salt, storedKey, serverKey, iterations };
}

function accessControlEntryOf(record: RecordOf<'AccessControlEntryRecord'>): AccessControlEntry {
  const { id, resourceType, resourceName, patternType, principal, host, operation, permissionType } = record;
  return { id, resourceType, resourceName, patternType, principal, host, operation, permissionType };
}

function delegationTokenOf(record: RecordOf<'DelegationTokenRecord'>): DelegationToken {
  const { tokenId, owner, requester, renewers, issueTimestamp, maxTimestamp, expirationTimestamp } = record;
  return { tokenId, owner, requester, renewers, issueTimestamp, maxTimestamp, expirationTimestamp };
}
