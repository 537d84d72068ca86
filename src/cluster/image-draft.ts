/**
 * A new image under construction, of one change or of many: each map, and each topic's list of partitions, is copied when it is first
 * written to. It is the delta of the change, too: what was touched.
 */
import {
  ResourceType,
  resourceKey,
  type BrokerImage,
  type ChangedTopic,
  type ClusterImage,
  type ImageChange,
  type ImageDelta,
  type PartitionImage,
  type TopicImage,
} from './image.ts';
import type { MetadataRecord } from './metadata-records.ts';
import { replicaIdsOf } from './replica-index.ts';
import { writableCopy, type SharingMap } from './sharing-map.ts';
import { TopicsByName } from './topics-by-name.ts';

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

export class ImageDraft implements ImageDelta {
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
  /** Settings made by this draft, which it may still write to: a resource may have thousands. */
  readonly #ownSettings = new Set<ReadonlyMap<string, string>>();
  /** Ids of topics whose replicas are others since `at` was called last. */
  readonly #moved = new Set<string>();
  #pending: MetadataRecord[] | null = null;

  constructor(base: ClusterImage) {
    this.#base = base;
    this.image = { ...base };
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
