/** Finds topics by name, and helps those who mistyped one. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Cluster, TopicMetadata } from './client/cluster.ts';
import { Refused } from './client/failure.ts';
import { nearest } from '../config/did-you-mean.ts';
import { CommandError } from './usage.ts';

/** The topics, in the order asked for. Throws where one is missing, with the name that may have been meant. */
export async function findTopics(cluster: Cluster, names: readonly string[]): Promise<TopicMetadata[]> {
  const { topics } = await cluster.metadata(names);
  const found: TopicMetadata[] = [];
  for (const name of names) {
    const topic = topics.find((each) => each.name === name);
    if (topic === undefined || topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      throw new CommandError(await missingTopic(cluster, name));
    }
    if (topic.errorCode !== 0) throw new Refused(`topic '${name}'`, topic.errorCode);
    found.push({ ...topic, partitions: topic.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex) });
  }
  return found;
}

/** What to say to someone who named a topic that is not there. */
export async function missingTopic(cluster: Cluster, name: string): Promise<string> {
  const { topics } = await cluster.metadata(null);
  const near = nearest(
    name,
    topics.flatMap((topic) => topic.name ?? []),
  );
  if (near !== null) return `there is no topic '${name}'; did you mean '${near}'?`;
  const next = topics.some((topic) => !topic.isInternal)
    ? '`ottla topics` lists what there is'
    : `the cluster has no topics yet: \`ottla topics create ${name}\` makes it`;
  return `there is no topic '${name}'; ${next}`;
}

/** Partition numbers as people list them: 0,2 or 0-3. Throws where the topic has no such partition. */
export function partitionsOf(topic: TopicMetadata, wanted: readonly number[] | null): number[] {
  const all = topic.partitions.map(({ partitionIndex }) => partitionIndex);
  const missing = wanted?.find((index) => !all.includes(index));
  if (missing === undefined) return wanted === null ? all : [...wanted];
  throw new CommandError(`topic '${topic.name}' has no partition ${missing}: it has 0 to ${all.length - 1}`);
}
