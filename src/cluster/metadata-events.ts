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

interface ChangedPartition {
  readonly topic: string;
  readonly index: number;
  readonly now: PartitionImage;
  readonly old: PartitionImage;
}

/** Partitions of one change that are told of one by one. */
const TOLD_ONE_BY_ONE = 5;

/** None for the first image: all that it says was so before. */
export function metadataEvents(image: ClusterImage, previous: ClusterImage, delta: ImageDelta): MetadataEvent[] {
  if (previous.revision < 0) return [];
  return [
    ...topicEvents(image, previous, delta),
    ...Array.from(delta.resources).flatMap((resource) => settingEvents(image, previous, resource)),
    ...Array.from(delta.brokerIds).flatMap((id) => brokerEvents(image.brokers.get(id), previous.brokers.get(id), id)),
  ];
}

function topicEvents(
  image: ClusterImage,
  previous: ClusterImage,
  { topicIds, partitions }: ImageDelta,
): MetadataEvent[] {
  const events: MetadataEvent[] = [];
  const changed: ChangedPartition[] = [];
  for (const id of topicIds) {
    const [topic, before] = [image.topicsById.get(id), previous.topicsById.get(id)];
    if (before !== undefined && topic !== undefined) {
      for (const index of partitions?.get(id) ?? topic.partitions.keys()) {
        const [now, old] = [topic.partitions[index], before.partitions[index] as PartitionImage | undefined];
        if (old !== undefined && old !== now) changed.push({ topic: topic.name, index, now, old });
      }
    }
    const event = topicEvent(topic, before);
    if (event !== null) events.push(event);
  }
  const leaders = changed.filter(({ now, old }) => now.leader !== old.leader);
  const inSync = changed.filter(({ now, old }) => now.isr.length !== old.isr.length);
  return [
    ...events,
    ...oneByOne('partition.leader', leaders, ({ now, old }) => ({ leader: now.leader, before: old.leader })),
    ...oneByOne('partition.in-sync', inSync, ({ now, old }) => ({ isr: now.isr.join(' '), before: old.isr.join(' ') })),
  ];
}

function topicEvent(topic: TopicImage | undefined, before: TopicImage | undefined): MetadataEvent | null {
  if (topic === undefined)
    return before === undefined ? null : { event: 'topic.deleted', facts: { topic: before.name } };
  const facts = { topic: topic.name, partitions: topic.partitions.length };
  if (before === undefined) return { event: 'topic.created', facts };
  return before.partitions.length < topic.partitions.length ? { event: 'topic.grown', facts } : null;
}

function oneByOne(
  event: string,
  changed: readonly ChangedPartition[],
  factsOf: (one: ChangedPartition) => Facts,
): MetadataEvent[] {
  if (changed.length > TOLD_ONE_BY_ONE) return [{ event, facts: { partitions: changed.length } }];
  return changed.map((one) => ({ event, facts: { topic: one.topic, partition: one.index, ...factsOf(one) } }));
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
