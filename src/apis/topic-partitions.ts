/** Separates the partitions of a request into those that exist and those that do not. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ClusterImage } from '../cluster/image.ts';

interface NamedTopic<P> {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly P[];
}

export interface PartitionError {
  readonly partitionIndex: number;
  readonly errorCode: number;
}

interface TopicErrors {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: PartitionError[];
}

/** Finds topics by name, or with `byId` by id. Those found have both. */
export function sortTopics<P extends { readonly partitionIndex: number }>(
  image: ClusterImage,
  topics: readonly NamedTopic<P>[],
  byId: boolean,
): { known: NamedTopic<P>[]; unknown: TopicErrors[] } {
  const known: NamedTopic<P>[] = [];
  const unknown: TopicErrors[] = [];
  for (const { name, topicId, partitions } of topics) {
    const topic = byId ? image.topicsById.get(topicId) : image.topicsByName.get(name);
    const identity = { name: topic?.name ?? name, topicId: topic?.id ?? topicId };
    const errorCode = topic === undefined && byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const exists = ({ partitionIndex }: P): boolean => topic?.partitions[partitionIndex] !== undefined;
    const missing = partitions.filter((partition) => !exists(partition));
    const present = missing.length === 0 ? partitions : partitions.filter(exists);
    if (missing.length > 0) {
      unknown.push({
        ...identity,
        partitions: missing.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
      });
    }
    if (present.length > 0) known.push({ ...identity, partitions: present });
  }
  return { known, unknown };
}

/** Merges both into one response with each topic once; as in Kafka, refused partitions come first. */
export function mergeTopics<T extends { readonly name: string; readonly partitions: PartitionError[] }>(
  unknown: readonly TopicErrors[],
  answered: readonly T[],
): (T | TopicErrors)[] {
  if (unknown.length === 0) return [...answered];
  const merged = new Map<string, T | TopicErrors>();
  for (const topic of unknown) merged.set(topic.name === '' ? topic.topicId : topic.name, topic);
  // A request may name a topic a million times: each is added to, not made anew.
  const own = new Set<T | TopicErrors>();
  for (const topic of answered) {
    const before = merged.get(topic.name);
    if (before !== undefined && own.has(before)) {
      for (const partition of topic.partitions) before.partitions.push(partition);
      continue;
    }
    const first = { ...topic, partitions: [...(before?.partitions ?? []), ...topic.partitions] };
    own.add(first);
    merged.set(topic.name, first);
  }
  return [...merged.values()];
}
