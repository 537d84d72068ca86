/**
 * What a change of the cluster's metadata means to people: topics, settings, leaders, brokers. Pure. It looks at what the change has
 * touched alone, for every change of a large cluster comes here.
 */
import { definitionOf } from '../config/layers.ts';
import type { Facts } from '../platform/logger.ts';
import {
  changedTopicsOf,
  deletedTopicsOf,
  eachChangedPartitionOf,
  ResourceType,
  type BrokerImage,
  type ChangedTopic,
  type ClusterImage,
  type ImageDelta,
  type PartitionImage,
  type TopicImage,
} from './image.ts';

export interface MetadataEvent {
  readonly event: string;
  readonly facts: Facts;
}

/** Partitions of one change that are told of one by one. */
const TOLD_ONE_BY_ONE = 5;

/** What has happened to partitions in one way, of which there may be many thousands. */
class PartitionEvents {
  readonly #event: string;
  readonly #factsOf: (now: PartitionImage, before: PartitionImage) => Facts;
  #count = 0;
  readonly #first: MetadataEvent[] = [];

  constructor(event: string, factsOf: (now: PartitionImage, before: PartitionImage) => Facts) {
    this.#event = event;
    this.#factsOf = factsOf;
  }

  add({ name: topic }: TopicImage, partition: number, now: PartitionImage, before: PartitionImage): void {
    if (++this.#count > TOLD_ONE_BY_ONE) return;
    this.#first.push({ event: this.#event, facts: { topic, partition, ...this.#factsOf(now, before) } });
  }

  get told(): readonly MetadataEvent[] {
    return this.#count > TOLD_ONE_BY_ONE ? [{ event: this.#event, facts: { partitions: this.#count } }] : this.#first;
  }
}

/** None for the first image: all that it says was so before. */
export function metadataEvents(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): MetadataEvent[] {
  if (previous.revision < 0) return [];
  return [
    ...topicAndPartitionEvents(image, previous, delta),
    ...Array.from(delta.resources).flatMap((resource) => settingEvents(image, previous, resource)),
    ...Array.from(delta.brokerIds).flatMap((id) => brokerEvents(image.brokers.get(id), previous.brokers.get(id), id)),
  ];
}

/** In one walk over topics, of which a change may touch ten thousand. */
function topicAndPartitionEvents(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): MetadataEvent[] {
  const topics: MetadataEvent[] = deletedTopicsOf(image, previous, delta).map(({ name: topic }) => {
    return { event: 'topic.deleted', facts: { topic } };
  });
  const leaders = new PartitionEvents('partition.leader', (now, before) => {
    return { leader: now.leader, before: before.leader };
  });
  const inSync = new PartitionEvents('partition.in-sync', (now, before) => {
    return { isr: now.isr.join(' '), before: before.isr.join(' ') };
  });
  const visit = (topic: TopicImage, index: number, now: PartitionImage, before: PartitionImage): void => {
    if (now.leader !== before.leader) leaders.add(topic, index, now, before);
    if (now.isr.length !== before.isr.length) inSync.add(topic, index, now, before);
  };
  for (const changed of changedTopicsOf(image, previous, delta)) {
    const event = topicEvent(changed);
    if (event !== null) topics.push(event);
    eachChangedPartitionOf(changed, visit);
  }
  return [...topics, ...leaders.told, ...inSync.told];
}

function topicEvent({ before, topic: { name: topic, partitions } }: ChangedTopic): MetadataEvent | null {
  if (before !== undefined && before.partitions.length >= partitions.length) return null;
  const event = before === undefined ? 'topic.created' : 'topic.grown';
  return { event, facts: { topic, partitions: partitions.length } };
}

function settingEvents(image: ClusterImage, previous: ClusterImage, resource: string): MetadataEvent[] {
  const [now, before] = [image.configs.get(resource), previous.configs.get(resource)];
  if (now === before || isOfDeletedTopic(image, previous, resource)) return [];
  const names = new Set([...(before?.keys() ?? []), ...(now?.keys() ?? [])]);
  return Array.from(names).flatMap((setting) => {
    const [value, old] = [now?.get(setting), before?.get(setting)];
    if (value === old) return [];
    const shown = mayBeShown(resource, setting) ? { value, before: old } : {};
    return { event: 'setting.changed', facts: { resource, setting, isSet: value !== undefined, ...shown } };
  });
}

const OF_TOPIC = `${ResourceType.topic}:`;

/** Its settings go with it. */
function isOfDeletedTopic(image: ClusterImage, previous: ClusterImage, resource: string): boolean {
  const name = resource.startsWith(OF_TOPIC) ? resource.slice(OF_TOPIC.length) : null;
  return name !== null && previous.topicsByName.has(name) && !image.topicsByName.has(name);
}

const OF_BROKER = `${ResourceType.broker}:`;

/** Not passwords of brokers, nor what has no definition that would say that it is none. */
function mayBeShown(resource: string, setting: string): boolean {
  if (!resource.startsWith(OF_BROKER)) return true;
  const type = definitionOf(setting)?.type;
  return type !== undefined && type !== 'password';
}

function brokerEvents(broker: BrokerImage | undefined, before: BrokerImage | undefined, id: number): MetadataEvent[] {
  const facts = { broker: id };
  if (broker === undefined) return before === undefined ? [] : [{ event: 'broker.removed', facts }];
  if (before === undefined) return [{ event: 'broker.joined', facts }];
  if (before.fenced !== broker.fenced) return [{ event: broker.fenced ? 'broker.fenced' : 'broker.unfenced', facts }];
  return before.incarnationId === broker.incarnationId ? [] : [{ event: 'broker.restarted', facts }];
}
