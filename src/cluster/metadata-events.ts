/**
 * What a change of the cluster's metadata means to people: topics, settings, leaders, brokers. Pure. It looks at what the change has
 * touched alone, for every change of a large cluster comes here.
 */
import { definitionOf } from '../config/layers.ts';
import type { Facts } from '../platform/logger.ts';
import {
  ResourceType,
  type BrokerImage,
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

/** None for the first image: all that it says was so before. */
export function metadataEvents(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): MetadataEvent[] {
  if (previous.revision < 0) return [];
  return [
    ...topicEvents(image, previous, delta.topicIds),
    ...Array.from(delta.resources).flatMap((resource) => settingEvents(image, previous, resource)),
    ...Array.from(delta.brokerIds).flatMap((id) => brokerEvents(image.brokers.get(id), previous.brokers.get(id), id)),
  ];
}

function topicEvents(image: ClusterImage, previous: ClusterImage, ids: Iterable<string>): MetadataEvent[] {
  const events: MetadataEvent[] = [];
  const leaders: Facts[] = [];
  const inSync: Facts[] = [];
  for (const id of ids) {
    const [topic, before] = [image.topicsById.get(id), previous.topicsById.get(id)];
    if (before !== undefined && topic !== undefined) comparePartitions(topic, before, leaders, inSync);
    const event = topicEvent(topic, before);
    if (event !== null) events.push(event);
  }
  return [...events, ...oneByOne('partition.leader', leaders), ...oneByOne('partition.in-sync', inSync)];
}

function topicEvent(topic: TopicImage | undefined, before: TopicImage | undefined): MetadataEvent | null {
  if (topic === undefined)
    return before === undefined ? null : { event: 'topic.deleted', facts: { topic: before.name } };
  const facts = { topic: topic.name, partitions: topic.partitions.length };
  if (before === undefined) return { event: 'topic.created', facts };
  return before.partitions.length < topic.partitions.length ? { event: 'topic.grown', facts } : null;
}

function comparePartitions(topic: TopicImage, before: TopicImage, leaders: Facts[], inSync: Facts[]): void {
  for (const [index, partition] of topic.partitions.entries()) {
    const old: PartitionImage | undefined = before.partitions[index];
    if (old === undefined || old === partition) continue;
    const place = { topic: topic.name, partition: index };
    if (old.leader !== partition.leader) leaders.push({ ...place, leader: partition.leader, before: old.leader });
    if (old.isr.length !== partition.isr.length)
      inSync.push({ ...place, isr: partition.isr.join(' '), before: old.isr.join(' ') });
  }
}

function oneByOne(event: string, all: readonly Facts[]): MetadataEvent[] {
  if (all.length > TOLD_ONE_BY_ONE) return [{ event, facts: { partitions: all.length } }];
  return all.map((facts) => ({ event, facts }));
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
