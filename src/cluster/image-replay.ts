/** What each of Kafka's metadata records does to the image. PURE: an image and records make another image. */
import {
  inOrder,
  quotaKey,
  resourceKey,
  ResourceType,
  scramKey,
  type AccessControlEntry,
  type BrokerImage,
  type ChangedTopic,
  type ClusterImage,
  type DelegationToken,
  type ImageChange,
  type ImageDelta,
  type ListenerImage,
  type PartitionImage,
  type ScramCredential,
  type TopicImage,
} from './image.ts';
import type { MetadataRecord, MetadataRecordName, RecordOf } from './metadata-records.ts';
import { changedPartition, partitionOf } from './partition-replay.ts';
import { replicaIdsOf, topicImage } from './replica-index.ts';
import { writableCopy, type SharingMap } from './sharing-map.ts';
import { TopicsByName } from './topics-by-name.ts';
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

const NONE: number[] = [];

/** A topic as a change makes it: its list of partitions is the change's own, for a topic of 10,000 partitions is copied once. */
class OwnTopic implements ChangedTopic {
  readonly before: TopicImage | undefined;
  readonly topic: TopicImage;
  indexes: number[] = NONE;
  readonly #partitions: PartitionImage[];

  constructor(before: TopicImage | undefined, topic: TopicImage) {
    this.before = before;
    this.#partitions = topic.partitions.slice();
    this.topic = { ...topic, partitions: this.#partitions };
  }

  set(index: number, partition: PartitionImage): void {
    const isFirst = this.#partitions[index] === this.before?.partitions[index];
    this.#partitions[index] = partition;
    if (!isFirst) return;
    // Of a lost broker mostly one: a list that grows from nothing has room for 17.
    if (this.indexes.length === 0) this.indexes = [index];
    else this.indexes.push(index);
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Maps = Exclude<keyof ClusterImage, 'revision' | 'clusterId' | 'nextProducerId' | 'pending' | 'topicsByName'>;

/** Of which a cluster may have ten thousands. */
const SHARING: ReadonlySet<string> = new Set<Maps>([
  'topicsById',
  'configs',
  'quotas',
  'scramCredentials',
  'accessControlEntries',
  'delegationTokens',
]);

/**
 * A new image under construction, of one batch or of many: each map, and each topic's list of partitions, is copied when the first
 * record touches it.
 */
export class Replay implements ImageDelta {
  readonly topicIds = new Set<string>();
  readonly changedTopics = new Map<string, OwnTopic>();
  readonly resources = new Set<string>();
  readonly brokerIds = new Set<number>();
  readonly image: Mutable<ClusterImage>;
  readonly #base: ClusterImage;
  readonly #copied = new Set<string>();
  /** By name; null: as in the base. */
  #topicIds: Map<string, string> | SharingMap<string> | null = null;
  /** Of `changedTopics`, the one that was asked for last: records come topic by topic. */
  #last: OwnTopic | null = null;
  /** The same of settings: a resource may have thousands. */
  readonly #ownSettings = new Set<ReadonlyMap<string, string>>();
  /** Ids of topics whose replicas are others since `at` was called last. */
  readonly #moved = new Set<string>();
  #pending: MetadataRecord[] | null = null;

  constructor(base: ClusterImage) {
    this.#base = base;
    this.image = { ...base };
  }

  /** @throws as `changeOf` */
  add(record: MetadataRecord): void {
    take(this, record);
  }

  addAll(records: readonly MetadataRecord[]): void {
    for (const record of records) take(this, record);
  }

  /** The image with all that was added, the last of which stands at offset `revision`. What is added later changes it. */
  at(revision: number): ImageChange {
    this.image.revision = revision;
    for (const id of this.#moved) {
      const topic: Mutable<TopicImage> | undefined = this.image.topicsById.get(id);
      if (topic !== undefined) topic.replicaIds = replicaIdsOf(topic.partitions);
    }
    this.#moved.clear();
    return { image: this.image, delta: this };
  }

  map<Name extends Maps>(
    name: Name,
  ): ClusterImage[Name] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never {
    if (!this.#copied.has(name)) {
      this.#copied.add(name);
      const map = this.#base[name] as ReadonlyMap<never, never>;
      this.image[name] = (SHARING.has(name) ? writableCopy(map) : new Map(map)) as never;
      if (name === 'topicsById') this.#nameTopics();
    }
    return this.image[name] as never;
  }

  #nameTopics(): void {
    this.image.topicsByName = new TopicsByName(
      this.#topicIds ?? TopicsByName.idsOf(this.#base.topicsByName),
      this.image.topicsById,
    );
  }

  /** By name, for writing. */
  #names(): Map<string, string> | SharingMap<string> {
    if (this.#topicIds !== null) return this.#topicIds;
    this.#topicIds = writableCopy(TopicsByName.idsOf(this.#base.topicsByName));
    this.#nameTopics();
    return this.#topicIds;
  }

  /** A partition of the topic is made, or has other replicas. */
  moved(topicId: string): void {
    this.#moved.add(topicId);
  }

  /** A topic whose partitions are written to; null where it was never made. */
  ownTopic(id: string): OwnTopic | null {
    if (this.#last?.topic.id === id) return this.#last;
    const own = this.changedTopics.get(id) ?? this.#makeOwn(id);
    this.#last = own;
    return own;
  }

  #makeOwn(id: string): OwnTopic | null {
    const topic = this.image.topicsById.get(id);
    if (topic === undefined) return null;
    const own = new OwnTopic(this.topicIds.has(topic.id) ? this.#base.topicsById.get(id) : topic, topic);
    this.changedTopics.set(topic.id, own);
    this.setTopic(own.topic);
    return own;
  }

  removeTopic({ id, name }: TopicImage): void {
    this.topicIds.add(id);
    this.changedTopics.delete(id);
    this.#last = null;
    this.map('topicsById').delete(id);
    this.#names().delete(name);
    this.map('configs').delete(resourceKey(ResourceType.topic, name));
  }

  /** The settings of a resource, for writing. */
  settingsOf(key: string): Map<string, string> {
    const settings = this.map('configs').get(key);
    if (settings !== undefined && this.#ownSettings.has(settings)) return settings as Map<string, string>;
    const own = new Map(settings);
    this.#ownSettings.add(own);
    return own;
  }

  setTopic(topic: TopicImage): void {
    this.topicIds.add(topic.id);
    this.map('topicsById').set(topic.id, topic);
  }

  /** A topic that is new. */
  addTopic(topic: TopicImage): void {
    this.setTopic(topic);
    this.#names().set(topic.name, topic.id);
  }

  setBroker(broker: BrokerImage): void {
    this.brokerIds.add(broker.id);
    this.map('brokers').set(broker.id, broker);
  }

  /** Keeps a record until the transaction ends that it is part of. */
  hold(record: MetadataRecord): void {
    this.#pending ??= [...this.image.pending!];
    this.#pending.push(record);
    this.image.pending = this.#pending;
  }

  /** Answers what was held. */
  release(): readonly MetadataRecord[] {
    const held = this.image.pending!;
    this.#pending = null;
    this.image.pending = null;
    return held;
  }
}

function take(draft: Replay, record: MetadataRecord): void {
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

function apply<Name extends MetadataRecordName>(draft: Replay, record: RecordOf<Name>): void {
  const effect = EFFECTS[record.type] as Effect<Name>;
  effect(draft, record);
}

type Effect<Name extends MetadataRecordName> = (draft: Replay, record: RecordOf<Name>) => void;

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

function changeBroker(draft: Replay, brokerId: number, epoch: number, change: Partial<BrokerImage>): void {
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
  draft: Replay,
  topicId: string,
  index: number,
  change: (old: PartitionImage | undefined) => PartitionImage,
): void {
  const own = draft.ownTopic(topicId);
  if (own === null) throw new Error(`the metadata log names a partition of topic ${topicId}, which it never made`);
  own.set(index, change(own.topic.partitions[index]));
}

function removeTopic(draft: Replay, { topicId }: RecordOf<'RemoveTopicRecord'>): void {
  const topic = draft.image.topicsById.get(topicId);
  if (topic === undefined) throw new Error(`the metadata log removes topic ${topicId}, which it never made`);
  draft.removeTopic(topic);
}

/** Of one topic, or with an empty name of all: written when eligible.leader.replicas.version or min.insync.replicas changes. */
function clearElr(draft: Replay, { topicName }: RecordOf<'ClearElrRecord'>): void {
  if (topicName !== '') {
    const topic = draft.image.topicsByName.get(topicName);
    if (topic === undefined) throw new Error(`the metadata log changes topic ${topicName}, which it never made`);
    return clearElrOf(draft, topic);
  }
  for (const topic of draft.image.topicsById.values()) clearElrOf(draft, topic);
}

function clearElrOf(draft: Replay, topic: TopicImage): void {
  for (const [index, partition] of topic.partitions.entries()) {
    if (partition.elr.length + partition.lastKnownElr.length === 0) continue;
    const { partitionEpoch } = partition;
    const cleared = { ...partition, elr: [], lastKnownElr: [], partitionEpoch: partitionEpoch + 1 };
    draft.ownTopic(topic.id)!.set(index, cleared);
  }
}

function setConfig(draft: Replay, { resourceType, resourceName, name, value }: RecordOf<'ConfigRecord'>): void {
  const key = resourceKey(resourceType, resourceName);
  draft.resources.add(key);
  const configs = draft.map('configs');
  const settings = draft.settingsOf(key);
  if (value === null) settings.delete(name);
  else settings.set(name, value);
  if (settings.size === 0) configs.delete(key);
  else configs.set(key, settings);
}

function setQuota(draft: Replay, { entity, key, value, remove }: RecordOf<'ClientQuotaRecord'>): void {
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
