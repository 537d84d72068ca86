/** Which partitions of which topics tasks read. Pure. */
import type { GroupTopics } from '../group-topics.ts';
import type { StreamsGroup } from './state.ts';
import { tasksFor } from './state.ts';
import type { Topology } from './topology.ts';
import { inputTopics } from './topology.ts';

export interface ReadPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** What one member reads, and is to read. */
export interface MemberReads {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribed: readonly string[];
  readonly assigned: readonly ReadPartitions[];
  readonly target: readonly ReadPartitions[];
}

/** A task reads its partition of each topic of its subtopology that has so many. */
export function partitionsRead(
  tasks: ReadonlyMap<string, { keys(): Iterable<number> }>,
  { subtopologies }: Topology,
  { topicsByName }: GroupTopics,
): ReadPartitions[] {
  return subtopologies.flatMap((subtopology) => {
    const own = tasks.get(subtopology.subtopologyId);
    if (own === undefined) return [];
    return inputTopics(subtopology).map((topic) => {
      const count = topicsByName.get(topic)?.partitions.length ?? 0;
      return { topic, partitions: [...own.keys()].filter((partition) => partition < count).sort((a, b) => a - b) };
    });
  });
}

export function memberReads(group: StreamsGroup, topics: GroupTopics): MemberReads[] {
  const { topology, members } = group;
  const subscribed = topology?.subtopologies.flatMap(inputTopics) ?? [];
  return Array.from(members.values(), ({ memberId, instanceId, clientId, clientHost, assigned }) => ({
    memberId,
    instanceId,
    clientId,
    clientHost,
    subscribed,
    assigned: topology === null ? [] : partitionsRead(assigned.active, topology, topics),
    target: topology === null ? [] : partitionsRead(tasksFor(group, memberId).active, topology, topics),
  }));
}
