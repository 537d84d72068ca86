/**
 * The cluster as of one revision: brokers, topics, configurations, features. Immutable: a change is a batch of records, and
 * replaying it (image-replay.ts) answers a new image that shares all that did not change. Nothing else holds cluster state.
 */
import type { MetadataRecord } from './metadata-records.ts';
import { TopicsByName } from './topics-by-name.ts';

export interface ListenerImage {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** As in Kafka's SecurityProtocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number;
}

/** What levels of a feature a broker or controller can work with (KIP-584). */
export interface FeatureRange {
  readonly name: string;
  readonly minSupportedVersion: number;
  readonly maxSupportedVersion: number;
}

export interface BrokerImage {
  readonly id: number;
  /** The revision of its registration: a broker that has started anew is another one. */
  readonly epoch: number;
  /** Of its process. */
  readonly incarnationId: string;
  readonly rack: string | null;
  readonly listeners: readonly ListenerImage[];
  readonly features: readonly FeatureRange[];
  /** The controller does not hear of it: it leads nothing, and clients are not told of it. */
  readonly fenced: boolean;
  /** It is about to stop, and leads nothing any more (KIP-841). */
  readonly inControlledShutdown: boolean;
  /** Those that are online. */
  readonly logDirectoryIds: readonly string[];
  /** Those that take no new partitions (KIP-1066). */
  readonly cordonedLogDirectoryIds: readonly string[];
}

/** A process that may become the active controller (KIP-919). */
export interface ControllerImage {
  readonly id: number;
  readonly incarnationId: string;
  readonly listeners: readonly ListenerImage[];
  readonly features: readonly FeatureRange[];
}

/** As in Kafka's LeaderRecoveryState (KIP-704). */
export const LeaderRecoveryState = { recovered: 0, recovering: 1 } as const;

export interface PartitionImage {
  /** The broker that leads it, -1 where none does. */
  readonly leader: number;
  readonly leaderEpoch: number;
  /** See LeaderRecoveryState: recovering after an unclean election. */
  readonly leaderRecoveryState: number;
  /** Grows with every change of this partition. */
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** Out of sync, but they have all that was committed: they may lead when the ISR is empty (KIP-966). */
  readonly elr: readonly number[];
  /** The last leader, where nobody leads. */
  readonly lastKnownElr: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  /** Of each of `replicas`. */
  readonly directories: readonly string[];
}

/** In 16 bits each, where no id takes more: a million partitions are 6 MB to walk over. */
export type ReplicaIds = Int32Array | Uint16Array;

export interface TopicImage {
  readonly name: string;
  readonly id: string;
  /** By partition index, without gaps. */
  readonly partitions: readonly PartitionImage[];
  /** Of all partitions, as replica-index.ts has them. */
  readonly replicaIds: ReplicaIds;
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

/** Numbers as in Kafka's ResourceType, PatternType, AclOperation and AclPermissionType. */
export interface AccessControlEntry {
  readonly id: string;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

/** Principals as 'User:alice', times in ms since 1970. */
export interface DelegationToken {
  readonly tokenId: string;
  readonly owner: string;
  readonly requester: string;
  readonly renewers: readonly string[];
  readonly issueTimestamp: number;
  readonly maxTimestamp: number;
  readonly expirationTimestamp: number;
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
  /** By id. */
  readonly accessControlEntries: ReadonlyMap<string, AccessControlEntry>;
  /** By token id. */
  readonly delegationTokens: ReadonlyMap<string, DelegationToken>;
  readonly controllers: ReadonlyMap<number, ControllerImage>;
  readonly nextProducerId: number;
  /** Records that take effect when their transaction ends (KIP-868); null outside of one. */
  readonly pending: readonly MetadataRecord[] | null;
}

export function resourceKey(type: number, name: string): string {
  return `${type}:${name}`;
}

/** The same for an entity's parts in any order. */
export function quotaKey(entity: readonly QuotaPart[]): string {
  return JSON.stringify(inOrder(entity).map(({ entityType, entityName }) => [entityType, entityName]));
}

export function inOrder(entity: readonly QuotaPart[]): QuotaPart[] {
  return [...entity].sort((a, b) => (a.entityType < b.entityType ? -1 : 1));
}

export function scramKey(mechanism: number, name: string): string {
  return `${mechanism}:${name}`;
}

/** Whether a broker may lead, and be in sync: it is heard of and does not stop. */
export function isActive(image: ClusterImage, brokerId: number): boolean {
  const broker = image.brokers.get(brokerId);
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
}

const NO_CONFIG: ReadonlyMap<string, string> = new Map();

/** The settings made on a resource itself; empty where there are none. */
export function configOf(image: ClusterImage, type: number, name: string): ReadonlyMap<string, string> {
  if (image.configs.size === 0) return NO_CONFIG; // the key of each of many topics costs more than the rest
  return image.configs.get(resourceKey(type, name)) ?? NO_CONFIG;
}

export function emptyImage(clusterId: string): ClusterImage {
  const topicsById = new Map<string, TopicImage>();
  return {
    revision: -1,
    clusterId,
    brokers: new Map(),
    topicsByName: new TopicsByName(new Map(), topicsById),
    topicsById,
    configs: new Map(),
    features: new Map(),
    quotas: new Map(),
    scramCredentials: new Map(),
    accessControlEntries: new Map(),
    delegationTokens: new Map(),
    controllers: new Map(),
    nextProducerId: 0,
    pending: null,
  };
}

/** A topic that is there after a change, and partitions of which the change has made or changed. */
export interface ChangedTopic {
  /** Undefined: the change has made the topic. */
  readonly before: TopicImage | undefined;
  readonly topic: TopicImage;
  readonly indexes: Iterable<number>;
}

/** What a batch of records touched, so that who follows the image need not compare all of it with the one before. */
export interface ImageDelta {
  /** Ids of topics that were made, changed or deleted. */
  readonly topicIds: ReadonlySet<string>;
  /** By id, those of them with partitions that were made or changed; without it, any partition of `topicIds` may have been. */
  readonly changedTopics?: ReadonlyMap<string, ChangedTopic>;
  /** Keys of `configs`: resources whose settings were changed. */
  readonly resources: ReadonlySet<string>;
  /** Ids of brokers that were registered, fenced, unfenced, changed or unregistered. */
  readonly brokerIds: ReadonlySet<number>;
}

export interface ImageChange {
  readonly image: ClusterImage;
  readonly delta: ImageDelta;
}

/** What a change has done to a topic. Undefined: the topic is no more, or nothing is done to it. */
function changedTopic(
  image: ClusterImage,
  previous: ClusterImage,
  { changedTopics }: ImageDelta,
  id: string,
): ChangedTopic | undefined {
  const known = changedTopics?.get(id);
  if (known !== undefined) return known;
  const [before, topic] = [previous.topicsById.get(id), image.topicsById.get(id)];
  if (topic === undefined || topic === before) return undefined;
  return { before, topic, indexes: changedTopics === undefined ? topic.partitions.keys() : [] };
}

/** Topics that are there after a change. Nearly always the change knows them: none of ten thousand is looked up. */
export function changedTopicsOf(
  image: ClusterImage,
  previous: ClusterImage,
  delta: ImageDelta,
): Iterable<ChangedTopic> {
  const { topicIds, changedTopics } = delta;
  if (changedTopics?.size === topicIds.size) return changedTopics.values();
  return Array.from(topicIds).flatMap((id) => changedTopic(image, previous, delta, id) ?? []);
}

/** Those that are no more, as they were. */
export function deletedTopicsOf(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): readonly TopicImage[] {
  const { topicIds, changedTopics } = delta;
  if (changedTopics?.size === topicIds.size) return [];
  return Array.from(topicIds).flatMap((id) => (image.topicsById.has(id) ? [] : (previous.topicsById.get(id) ?? [])));
}

type VisitPartition = (topic: TopicImage, index: number, now: PartitionImage, old: PartitionImage) => void;

/** Partitions that were there before a change, and are others after it. */
export function eachChangedPartition(
  image: ClusterImage,
  previous: ClusterImage,
  delta: ImageDelta,
  visit: VisitPartition,
): void {
  for (const changed of changedTopicsOf(image, previous, delta)) eachChangedPartitionOf(changed, visit);
}

/** The same of one topic. */
export function eachChangedPartitionOf({ before, topic, indexes }: ChangedTopic, visit: VisitPartition): void {
  if (before === undefined) return;
  for (const index of indexes) {
    const old: PartitionImage | undefined = before.partitions[index];
    const now = topic.partitions[index];
    if (old !== undefined && old !== now) visit(topic, index, now, old);
  }
}
