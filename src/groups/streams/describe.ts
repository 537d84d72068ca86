/** A streams group as StreamsGroupDescribe answers it. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { stateOf, tasksFor } from './state.ts';
import type { ListedTasksByRole } from './tasks.ts';
import { listByRole } from './tasks.ts';
import { allTopics } from './topology.ts';
import type { Topology } from './topology.ts';

type DescribedMember = Pick<
  StreamsMember,
  | 'memberId'
  | 'memberEpoch'
  | 'instanceId'
  | 'rackId'
  | 'clientId'
  | 'clientHost'
  | 'topologyEpoch'
  | 'processId'
  | 'userEndpoint'
  | 'clientTags'
> & {
  readonly taskOffsets: readonly [];
  readonly taskEndOffsets: readonly [];
  readonly assignment: ListedTasksByRole;
  readonly targetAssignment: ListedTasksByRole;
  readonly isClassic: boolean;
};

/** Named as in StreamsGroupDescribeResponse. */
export interface DescribedStreamsGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly topology: Topology | null;
  readonly members: readonly DescribedMember[];
  readonly assignorName: string | null;
  /** Names of every topic of the topology. */
  readonly topics: ReadonlySet<string>;
}

const NO_TOPICS: ReadonlySet<string> = new Set();

export function describeStreamsGroup(group: StreamsGroup, assignorName: string): DescribedStreamsGroup {
  const { groupId, groupEpoch, assignmentEpoch, topology, members } = group;
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId,
    groupState: stateOf(group),
    groupEpoch,
    assignmentEpoch,
    topology,
    members: Array.from(members.values(), (member) => describedMember(group, member)),
    assignorName,
    topics: topology === null ? NO_TOPICS : allTopics(topology),
  };
}

function describedMember(group: StreamsGroup, member: StreamsMember): DescribedMember {
  const { memberId, memberEpoch, instanceId, rackId, clientId, clientHost } = member;
  const { topologyEpoch, processId, userEndpoint, clientTags } = member;
  return {
    memberId,
    memberEpoch,
    instanceId,
    rackId,
    clientId,
    clientHost,
    topologyEpoch,
    processId,
    userEndpoint,
    clientTags,
    taskOffsets: [],
    taskEndOffsets: [],
    assignment: listByRole(member.assigned),
    targetAssignment: listByRole(tasksFor(group, memberId)),
    isClassic: false,
  };
}

export function undescribedStreamsGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): DescribedStreamsGroup {
  const nothing = {
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    topology: null,
    members: [],
    assignorName: null,
  };
  return { errorCode, errorMessage, groupId, ...nothing, topics: NO_TOPICS };
}
