/**
 * The cluster as of one revision: brokers, topics, configurations, features. Immutable: a change is a batch of records, and
 * replaying it answers a new image that shares all that did not change. Nothing else in the broker holds cluster state.
 */
import type { MetadataRecord, RecordOf } from './metadata-records.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';

export interface ListenerImage {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** As in Kafka's SecurityProtocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number;
}

export interface BrokerImage {
  readonly id: number;
  /** The revision of its registration: a broker that has started anew is another one. */
  readonly epoch: number;
  readonly incarnationId: string;
  readonly rack: string | null;
  readonly listeners: readonly ListenerImage[];
  readonly fenced: boolean;
  readonly logDirectoryIds: readonly string[];
}

export interface PartitionImage {
  readonly leader: number;
  readonly leaderEpoch: number;
  /** Grows with every change of this partition. */
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly directories: readonly string[];
}

export interface TopicImage {
  readonly name: string;
  readonly id: string;
  /** By partition index, without gaps. */
  readonly partitions: readonly PartitionImage[];
}

/** One part of what a quota is for; `entityName` null is the default of its type. */
export interface QuotaPart {
  /** 'user', 'client-id' or 'ip'. */
  readonly entityType: string;
  readonly entityName: string | null;
}

/** The quotas of one entity: bytes or requests a second, per cent, connections a second, by Kafka's names. */
export interface ClientQuota {
  /** In the order of their types. */
  readonly entity: readonly QuotaPart[];
  readonly values: ReadonlyMap<string, number>;
}

/** What a broker keeps of a user's password (RFC 5802). */
export interface ScramCredential {
  readonly name: string;
  /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
  readonly mechanism: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly iterations: number;
}

/** As in Kafka's ConfigResource. */
export const ResourceType = { topic: 2, broker: 4, clientMetrics: 16, group: 32 } as const;

export interface ClusterImage {
  /** The offset of the last record in here, -1 before the first. */
  readonly revision: number;
  readonly clusterId: string;
  readonly brokers: ReadonlyMap<number, BrokerImage>;
  readonly topicsByName: ReadonlyMap<string, TopicImage>;
  readonly topicsById: ReadonlyMap<string, TopicImage>;
  /** By `resourceKey`; a broker named '' holds what is set for all brokers. */
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly features: ReadonlyMap<string, number>;
  /** By `quotaKey`. */
  readonly quotas: ReadonlyMap<string, ClientQuota>;
  /** By `scramKey`. */
  readonly scramCredentials: ReadonlyMap<string, ScramCredential>;
  readonly nextProducerId: number;
}

export function resourceKey(type: number, name: string): string {
  return `${type}:${name}`;
}

/** The same for an entity's parts in any order. */
export function quotaKey(entity: readonly QuotaPart[]): string {
  return JSON.stringify(inOrder(entity).map(({ entityType, entityName }) => [entityType, entityName]));
}

function inOrder(entity: readonly QuotaPart[]): QuotaPart[] {
  return [...entity].sort((a, b) => (a.entityType < b.entityType ? -1 : 1));
}

export function scramKey(mechanism: number, name: string): string {
  return `${mechanism}:${name}`;
}

const NO_CONFIG: ReadonlyMap<string, string> = new Map();

/** The settings made on a resource itself; empty where there are none. */
export function configOf(image: ClusterImage, type: number, name: string): ReadonlyMap<string, string> {
  return image.configs.get(resourceKey(type, name)) ?? NO_CONFIG;
}

export function emptyImage(clusterId: string): ClusterImage {
  return {
    revision: -1,
    clusterId,
    brokers: new Map(),
    topicsByName: new Map(),
    topicsById: new Map(),
    configs: new Map(),
    features: new Map(),
    quotas: new Map(),
    scramCredentials: new Map(),
    nextProducerId: 0,
  };
}

/** What a batch of records touched, so that who follows the image need not compare all of it with the one before. */
export interface ImageDelta {
  /** Ids of topics that were made, changed or deleted. */
  readonly topicIds: ReadonlySet<string>;
  /** Keys of `configs`: resources whose settings were changed. */
  readonly resources: ReadonlySet<string>;
}

export interface ImageChange {
  readonly image: ClusterImage;
  readonly delta: ImageDelta;
}

/** A new image under construction: each map is copied when the first record touches it. */
class Draft {
  readonly topicIds = new Set<string>();
  readonly resources = new Set<string>();
  readonly #base: ClusterImage;
  readonly #copied = new Set<string>();
  /** Partition lists made by this draft, which it may still write to: a topic of 10,000 partitions is copied once. */
  readonly #own = new Map<string, PartitionImage[]>();
  image: { -readonly [K in keyof ClusterImage]: ClusterImage[K] };

  constructor(base: ClusterImage) {
    this.#base = base;
    this.image = { ...base };
  }

  map<K extends Exclude<keyof ClusterImage, 'revision' | 'clusterId' | 'nextProducerId'>>(
    name: K,
  ): ClusterImage[K] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never {
    if (!this.#copied.has(name)) {
      this.#copied.add(name);
      this.image[name] = new Map(this.#base[name] as ReadonlyMap<never, never>) as never;
    }
    return this.image[name] as never;
  }

  /** The topic's partitions, for writing. */
  partitionsOf(topic: TopicImage): PartitionImage[] {
    let partitions = this.#own.get(topic.id);
    if (partitions === undefined) {
      partitions = [...topic.partitions];
      this.#own.set(topic.id, partitions);
      this.setTopic({ ...topic, partitions });
    }
    return partitions;
  }

  setTopic(topic: TopicImage): void {
    this.topicIds.add(topic.id);
    this.map('topicsByName').set(topic.name, topic);
    this.map('topicsById').set(topic.id, topic);
  }
}

/** Applies one atomic batch of records, the last of which stands at offset `revision`. */
export function replay(image: ClusterImage, records: readonly MetadataRecord[], revision: number): ClusterImage {
  return changeOf(image, records, revision).image;
}

/** The same, and what the batch touched. */
export function changeOf(image: ClusterImage, records: readonly MetadataRecord[], revision: number): ImageChange {
  const draft = new Draft(image);
  for (const record of records) apply(draft, record);
  draft.image.revision = revision;
  return { image: draft.image, delta: draft };
}

function apply(draft: Draft, record: MetadataRecord): void {
  switch (record.type) {
    case 'RegisterBrokerRecord':
      draft.map('brokers').set(record.brokerId, brokerOf(record));
      return;
    case 'UnfenceBrokerRecord':
      return fence(draft, record.id, false);
    case 'BrokerRegistrationChangeRecord':
      if (record.fenced !== 0) fence(draft, record.brokerId, record.fenced > 0);
      return;
    case 'UnregisterBrokerRecord':
      draft.map('brokers').delete(record.brokerId);
      return;
    case 'TopicRecord':
      return draft.setTopic({ name: record.name, id: record.topicId, partitions: [] });
    case 'PartitionRecord':
      return changePartition(draft, record.topicId, record.partitionId, () => partitionOf(record));
    case 'PartitionChangeRecord':
      return changePartition(draft, record.topicId, record.partitionId, (old) => changed(old, record));
    case 'RemoveTopicRecord': {
      const topic = draft.image.topicsById.get(record.topicId);
      if (topic === undefined) return;
      draft.topicIds.add(topic.id);
      draft.map('topicsById').delete(topic.id);
      draft.map('topicsByName').delete(topic.name);
      draft.map('configs').delete(resourceKey(ResourceType.topic, topic.name));
      return;
    }
    case 'ConfigRecord':
      return setConfig(draft, resourceKey(record.resourceType, record.resourceName), record.name, record.value);
    case 'ProducerIdsRecord':
      draft.image.nextProducerId = record.nextProducerId;
      return;
    case 'FeatureLevelRecord':
      if (record.featureLevel === 0) draft.map('features').delete(record.name);
      else draft.map('features').set(record.name, record.featureLevel);
      return;
    case 'ClientQuotaRecord':
      return setQuota(draft, record);
    case 'UserScramCredentialRecord':
      draft.map('scramCredentials').set(scramKey(record.mechanism, record.name), credentialOf(record));
      return;
    case 'RemoveUserScramCredentialRecord':
      draft.map('scramCredentials').delete(scramKey(record.mechanism, record.name));
      return;
    case 'NoOpRecord':
  }
}

function brokerOf(record: RecordOf<'RegisterBrokerRecord'>): BrokerImage {
  return {
    id: record.brokerId,
    epoch: record.brokerEpoch,
    incarnationId: record.incarnationId,
    rack: record.rack,
    listeners: record.endPoints.map(({ name, host, port, securityProtocol }) => ({
      name,
      host,
      port,
      securityProtocol,
    })),
    fenced: record.fenced,
    logDirectoryIds: record.logDirs,
  };
}

function partitionOf(record: RecordOf<'PartitionRecord'>): PartitionImage {
  return {
    leader: record.leader,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
    replicas: record.replicas,
    isr: record.isr,
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    addingReplicas: record.addingReplicas,
    removingReplicas: record.removingReplicas,
    directories: record.directories.length > 0 ? record.directories : record.replicas.map(() => ZERO_UUID),
  };
}

/** Leader -2 stands for "as it was"; naming a leader, even the same one, begins a new epoch. */
const LEADER_UNCHANGED = -2;

function changed(old: PartitionImage | undefined, change: RecordOf<'PartitionChangeRecord'>): PartitionImage {
  if (old === undefined) {
    throw new Error(
      `the metadata log changes partition ${change.partitionId} of ${change.topicId}, which it never made`,
    );
  }
  const isElection = change.leader !== LEADER_UNCHANGED;
  return {
    leader: isElection ? change.leader : old.leader,
    leaderEpoch: isElection ? old.leaderEpoch + 1 : old.leaderEpoch,
    partitionEpoch: old.partitionEpoch + 1,
    replicas: change.replicas ?? old.replicas,
    isr: change.isr ?? old.isr,
    elr: change.eligibleLeaderReplicas ?? old.elr,
    lastKnownElr: change.lastKnownElr ?? old.lastKnownElr,
    addingReplicas: change.addingReplicas ?? old.addingReplicas,
    removingReplicas: change.removingReplicas ?? old.removingReplicas,
    directories: change.directories ?? old.directories,
  };
}

function changePartition(
  draft: Draft,
  topicId: string,
  index: number,
  change: (old: PartitionImage | undefined) => PartitionImage,
): void {
  const topic = draft.image.topicsById.get(topicId);
  if (topic === undefined)
    throw new Error(`the metadata log names a partition of topic ${topicId}, which it never made`);
  const partitions = draft.partitionsOf(topic);
  partitions[index] = change(partitions[index]);
}

function fence(draft: Draft, brokerId: number, fenced: boolean): void {
  const broker = draft.image.brokers.get(brokerId);
  if (broker !== undefined) draft.map('brokers').set(brokerId, { ...broker, fenced });
}

function setConfig(draft: Draft, key: string, name: string, value: string | null): void {
  draft.resources.add(key);
  const configs = draft.map('configs');
  const settings = new Map(configs.get(key));
  if (value === null) settings.delete(name);
  else settings.set(name, value);
  if (settings.size === 0) configs.delete(key);
  else configs.set(key, settings);
}

function setQuota(draft: Draft, { entity, key, value, remove }: RecordOf<'ClientQuotaRecord'>): void {
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
