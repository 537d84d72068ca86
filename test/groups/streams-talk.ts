/** What tests of streams groups say to the coordinator. */
import { StreamsGroupDescribe, StreamsGroupHeartbeat } from '../../protocol/apis/index.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import type { GroupBroker } from './group-broker.ts';

export type Topology = NonNullable<RequestOf<typeof StreamsGroupHeartbeat>['topology']>;
export type Subtopology = Topology['subtopologies'][number];

export const info = (name: string, partitions = 0) => ({ name, partitions, replicationFactor: 0, topicConfigs: [] });

export function subtopology(subtopologyId: string, differing: Partial<Subtopology> = {}): Subtopology {
  return {
    subtopologyId,
    sourceTopics: [],
    sourceTopicRegex: [],
    stateChangelogTopics: [],
    repartitionSinkTopics: [],
    repartitionSourceTopics: [],
    copartitionGroups: [],
    ...differing,
  };
}

export const ONE: Topology = { epoch: 0, subtopologies: [subtopology('0', { sourceTopics: ['t1'] })] };
export const NO_TASKS = { activeTasks: [], standbyTasks: [], warmupTasks: [] };
export const active = (...partitions: number[]) => ({ ...NO_TASKS, activeTasks: [{ subtopologyId: '0', partitions }] });

export function beat(broker: GroupBroker, memberId: string, memberEpoch: number, more: object = {}, connectionId = 1) {
  const joining = { rebalanceTimeoutMs: 30_000, topology: ONE, processId: `process of ${memberId}`, ...NO_TASKS };
  const told = memberEpoch === 0 ? joining : {};
  const request = { groupId: 'g', memberId, memberEpoch, endpointInformationEpoch: 0, ...told, ...more };
  return broker.send(StreamsGroupHeartbeat, 1, request, 'probe', connectionId);
}

export async function describeGroup(broker: GroupBroker) {
  const request = { groupIds: ['g'], includeAuthorizedOperations: true, includeTopologyDescription: true };
  return (await broker.send(StreamsGroupDescribe, 1, request)).groups[0];
}
