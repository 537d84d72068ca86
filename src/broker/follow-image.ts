/** Makes the broker's parts follow the cluster image: opens and deletes logs, takes up and lays down coordinators. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { configOf, ResourceType, type ClusterImage, type TopicImage } from '../cluster/image.ts';
import { resolveLogConfig } from '../config/log-config.ts';

const OFFSETS_TOPIC = '__consumer_offsets';
const TRANSACTIONS_TOPIC = '__transaction_state';

/** From now on, with every new image, before the operation that made it is answered. */
export function followImage(parts: BrokerParts): void {
  let config = parts.config;
  parts.controller.onChange((image, previous) => {
    const isConfigChanged = config !== parts.config;
    config = parts.config;
    removeTopics(parts, image, previous);
    const applied = new Map<string, TopicImage>();
    for (const topic of image.topicsById.values()) {
      if (!isConfigChanged && !isChanged(topic, image, previous) && isOpen(parts, topic)) continue;
      applyTopic(parts, image, topic);
      applied.set(topic.name, topic);
    }
    lead(parts, parts.groups, applied.get(OFFSETS_TOPIC));
    // Behind all others: a transaction whose end is decided writes to the partitions of any topic, and to groups.
    lead(parts, parts.transactions, applied.get(TRANSACTIONS_TOPIC));
  });
}

function removeTopics(parts: BrokerParts, image: ClusterImage, previous: ClusterImage): void {
  if (image.topicsById === previous.topicsById) return;
  const removed = [...previous.topicsById.values()].filter(({ id }) => !image.topicsById.has(id));
  if (removed.length === 0) return;
  for (const topic of removed) {
    if (topic.name === OFFSETS_TOPIC) for (const index of topic.partitions.keys()) parts.groups.onResign(index);
    if (topic.name === TRANSACTIONS_TOPIC)
      for (const index of topic.partitions.keys()) parts.transactions.onResign(index);
    parts.partitions.delete(topic.id);
  }
  parts.groups.topicsDeleted(removed.map(({ name }) => name));
}

/** False after a disk that refused: with the next image it is tried again. */
function isOpen({ partitions }: BrokerParts, topic: TopicImage): boolean {
  return partitions.topicById(topic.id)?.partitions.length === topic.partitions.length;
}

function isChanged(topic: TopicImage, image: ClusterImage, previous: ClusterImage): boolean {
  if (previous.topicsById.get(topic.id) !== topic) return true;
  return configOf(image, ResourceType.topic, topic.name) !== configOf(previous, ResourceType.topic, topic.name);
}

function applyTopic(parts: BrokerParts, image: ClusterImage, topic: TopicImage): void {
  parts.partitions.apply({
    name: topic.name,
    id: topic.id,
    config: resolveLogConfig(configOf(image, ResourceType.topic, topic.name), parts.config),
    partitions: topic.partitions.map(({ leaderEpoch, isr, replicas, directories }) => ({
      leaderEpoch,
      replicas: replicas.length,
      inSyncReplicas: isr.length,
      directoryId: directories[replicas.indexOf(parts.nodeId)],
    })),
  });
}

/** Of a partition in a directory that is not there nothing can be read: whoever took it up would believe it empty. */
function lead(
  { partitions }: BrokerParts,
  coordinator: { onLeader(index: number, leaderEpoch: number): void },
  topic: TopicImage | undefined,
): void {
  for (const [index, { leaderEpoch }] of topic?.partitions.entries() ?? []) {
    if (!partitions.isOffline(topic!.id, index)) coordinator.onLeader(index, leaderEpoch);
  }
}
