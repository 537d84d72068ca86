/** Which partitions can be queried where: interactive queries ask a task's owner at its `application.server`. Pure. */
import type { GroupTopics } from '../group-topics.ts';
import { partitionsRead } from './reads.ts';
import type { EndpointPartitions } from './request.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import type { Topology } from './topology.ts';

/** `updated` as it is from now on. */
export function endpointPartitions(
  { members }: StreamsGroup,
  updated: StreamsMember,
  topology: Topology,
  topics: GroupTopics,
): EndpointPartitions[] {
  const others = [...members.values()].filter(({ memberId }) => memberId !== updated.memberId);
  return [...others, updated].flatMap(({ userEndpoint, assigned: { active, standby } }) => {
    if (userEndpoint === null) return [];
    const activePartitions = partitionsRead(active, topology, topics);
    return [{ userEndpoint, activePartitions, standbyPartitions: partitionsRead(standby, topology, topics) }];
  });
}
