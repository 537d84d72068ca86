/**
 * What a new image of the cluster means to the logs of one broker: the difference to the image before, by partition. PURE.
 *
 *                 ┌────────── not here ◀─────────┐
 *       followed, │ led            closed │      │ closed, resigned
 *                 ▼                       │      │
 *             follower ──────── led ──────▶ leader ─┐ led: another epoch
 *              ▲ │ followed:   ◀─ followed, ─┘  ▲   │ updated: replicas, in-sync replicas, directory
 *              └─┘ another epoch   resigned     └───┘
 */
import {
  changedTopicsOf,
  deletedTopicsOf,
  ResourceType,
  resourceKey,
  type ChangedTopic,
  type ClusterImage,
  type ImageDelta,
  type PartitionImage,
  type TopicImage,
} from './image.ts';

/** A partition as one image has it. */
export interface HostedPartition {
  readonly topic: TopicImage;
  readonly index: number;
  readonly partition: PartitionImage;
}

export interface LeadershipChange {
  /** Topics that are no more, as they were. Their partitions are not among `closed`. */
  readonly deleted: readonly TopicImage[];
  /** Topics that were made, or have more partitions now, wherever these are. */
  readonly grown: readonly TopicImage[];
  /** Topics that were there before and have other settings now. */
  readonly configured: readonly TopicImage[];
  /** Led by this broker until now, as they were. */
  readonly resigned: readonly HostedPartition[];
  /** Partitions of which this broker has no replica any more, as they were. */
  readonly closed: readonly HostedPartition[];
  /** Another broker leads them, or none, under an epoch that is new here. */
  readonly followed: readonly HostedPartition[];
  /** Led by this broker under an epoch that is new here. */
  readonly led: readonly HostedPartition[];
  /** Led or followed as before; something else has changed. */
  readonly updated: readonly HostedPartition[];
}

export const NO_CHANGE: LeadershipChange = {
  deleted: [],
  grown: [],
  configured: [],
  resigned: [],
  closed: [],
  followed: [],
  led: [],
  updated: [],
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

const TOPIC_PREFIX = resourceKey(ResourceType.topic, '');

/** Looks at what `delta` names alone: a change of one topic costs as much as that topic has partitions. */
export function leadership(
  previous: ClusterImage,
  image: ClusterImage,
  delta: ImageDelta,
  nodeId: number,
): LeadershipChange {
  const change: Mutable<LeadershipChange> = {
    deleted: [],
    grown: [],
    configured: [],
    resigned: [],
    closed: [],
    followed: [],
    led: [],
    updated: [],
  };
  for (const topic of deletedTopicsOf(image, previous, delta)) deleteTopic(change, topic, nodeId);
  for (const changed of changedTopicsOf(image, previous, delta)) compareTopic(change, changed, nodeId);
  for (const key of delta.resources) {
    if (!key.startsWith(TOPIC_PREFIX)) continue;
    const topic = image.topicsByName.get(key.slice(TOPIC_PREFIX.length));
    if (topic !== undefined && previous.topicsById.has(topic.id)) change.configured.push(topic);
  }
  return change;
}

/** Of an image that nothing was made of yet: all of it is new. */
export function wholeOf({ topicsById, configs, brokers }: ClusterImage): ImageDelta {
  return {
    topicIds: new Set(topicsById.keys()),
    resources: new Set(configs.keys()),
    brokerIds: new Set(brokers.keys()),
  };
}

function deleteTopic(change: Mutable<LeadershipChange>, topic: TopicImage, nodeId: number): void {
  change.deleted.push(topic);
  for (const [index, partition] of topic.partitions.entries()) {
    if (partition.leader === nodeId) change.resigned.push({ topic, index, partition });
  }
}

/** A lost broker touches thousands of topics with a hundred partitions each, nearly all of which are as before. */
function compareTopic(
  change: Mutable<LeadershipChange>,
  { before, topic, indexes }: ChangedTopic,
  nodeId: number,
): void {
  if (before?.partitions.length !== topic.partitions.length) change.grown.push(topic);
  for (const index of indexes) {
    const partition = topic.partitions[index];
    const old = before?.partitions[index];
    if (old === partition || !(isOf(partition, nodeId) || isOf(old, nodeId))) continue;
    const was = old === undefined ? undefined : { topic: before!, index, partition: old };
    comparePartition(change, was, { topic, index, partition }, nodeId);
  }
}

function isOf(partition: PartitionImage | undefined, nodeId: number): boolean {
  return partition !== undefined && (partition.replicas.includes(nodeId) || partition.leader === nodeId);
}

function comparePartition(
  change: Mutable<LeadershipChange>,
  before: HostedPartition | undefined,
  hosted: HostedPartition,
  nodeId: number,
): void {
  const { partition } = hosted;
  const wasHere = before?.partition.replicas.includes(nodeId) === true;
  const wasLeader = before?.partition.leader === nodeId;
  const isLeader = partition.leader === nodeId;
  if (wasLeader && !isLeader) change.resigned.push(before);
  if (!partition.replicas.includes(nodeId)) {
    if (wasHere) change.closed.push(before);
    return;
  }
  const isAsBefore = wasHere && wasLeader === isLeader && before?.partition.leaderEpoch === partition.leaderEpoch;
  if (isAsBefore) change.updated.push(hosted);
  else if (isLeader) change.led.push(hosted);
  else change.followed.push(hosted);
}
