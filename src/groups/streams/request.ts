/** What StreamsGroupHeartbeat says and is answered, and what it must say whatever the group. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import type { ReadPartitions } from './reads.ts';
import type { KeyValue, StreamsMemberMetadata } from './state.ts';
import { LEAVE_STATIC_EPOCH } from './state.ts';
import type { ListedTasks, ListedTasksByRole } from './tasks.ts';
import type { ConfiguredTopology, GroupStatus, Topology } from './topology.ts';

/** Named as in StreamsGroupHeartbeatRequest; null: as in the last heartbeat. */
export interface StreamsHeartbeat {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly endpointInformationEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly topology: Topology | null;
  readonly activeTasks: readonly ListedTasks[] | null;
  readonly standbyTasks: readonly ListedTasks[] | null;
  readonly warmupTasks: readonly ListedTasks[] | null;
  readonly processId: string | null;
  readonly userEndpoint: StreamsMemberMetadata['userEndpoint'];
  readonly clientTags: readonly KeyValue[] | null;
  readonly shutdownApplication: boolean;
  readonly clientId: string;
  readonly clientHost: string;
}

export interface EndpointPartitions {
  readonly userEndpoint: { readonly host: string; readonly port: number };
  readonly activePartitions: readonly ReadPartitions[];
  readonly standbyPartitions: readonly ReadPartitions[];
}

/** Named as in StreamsGroupHeartbeatResponse. */
export interface StreamsHeartbeatResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  readonly taskOffsetIntervalMs: number;
  readonly acceptableRecoveryLag: number;
  readonly status: readonly GroupStatus[];
  /** Null: as they were. */
  readonly tasks: ListedTasksByRole | null;
  readonly endpointInformationEpoch: number;
  /** Null: as they were. */
  readonly partitionsByUserEndpoint: readonly EndpointPartitions[] | null;
  /** To be made, so that the topology can run. */
  readonly missingTopics: ConfiguredTopology['missingTopics'];
}

export const JOIN_EPOCH = 0;

/** Null, or why the request is refused; in Kafka's words. */
export function checkStreamsHeartbeat(groupId: string, request: StreamsHeartbeat): GroupRefusal | null {
  const { topology } = request;
  if (topology?.subtopologies.some(({ sourceTopicRegex }) => sourceTopicRegex.length > 0) === true) {
    return invalid('Regular expressions for source topics are not supported yet.');
  }
  const fault = emptyFault(groupId, request) ?? epochFault(request) ?? tasksFault(request);
  if (fault !== null) return invalid(fault);
  for (const { stateChangelogTopics } of topology?.subtopologies ?? []) {
    const told = stateChangelogTopics.find(({ partitions }) => partitions !== 0);
    if (told === undefined) continue;
    const errorMessage = `Changelog topic ${told.name} must have an undefined partition count, but it is set to ${told.partitions}.`;
    return { errorCode: ErrorCode.STREAMS_INVALID_TOPOLOGY, errorMessage };
  }
  return null;
}

function invalid(errorMessage: string): GroupRefusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

function emptyFault(groupId: string, { memberId, instanceId, rackId }: StreamsHeartbeat): string | null {
  if (memberId.trim() === '') return "MemberId can't be empty.";
  if (groupId.trim() === '') return "GroupId can't be empty.";
  if (instanceId?.trim() === '') return "InstanceId can't be empty.";
  return rackId?.trim() === '' ? "RackId can't be empty." : null;
}

function epochFault(request: StreamsHeartbeat): string | null {
  const { memberEpoch, instanceId, topology, rebalanceTimeoutMs } = request;
  if (memberEpoch === JOIN_EPOCH) {
    if (rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.';
    if ((request.activeTasks ?? []).length > 0) return 'ActiveTasks must be empty when (re-)joining.';
    if ((request.standbyTasks ?? []).length > 0) return 'StandbyTasks must be empty when (re-)joining.';
    if ((request.warmupTasks ?? []).length > 0) return 'WarmupTasks must be empty when (re-)joining.';
    return topology === null ? 'Topology must be non-null when (re-)joining.' : null;
  }
  if (memberEpoch === LEAVE_STATIC_EPOCH && instanceId === null) return "InstanceId can't be null.";
  return memberEpoch < LEAVE_STATIC_EPOCH
    ? `MemberEpoch is ${memberEpoch}, but must be greater than or equal to -2.`
    : null;
}

function tasksFault({
  memberEpoch,
  topology,
  activeTasks,
  standbyTasks,
  warmupTasks,
}: StreamsHeartbeat): string | null {
  const told = [activeTasks, standbyTasks, warmupTasks].filter((tasks) => tasks !== null).length;
  if (told > 0 && told < 3) return 'If one task-type is non-null, all must be non-null.';
  return memberEpoch !== JOIN_EPOCH && topology !== null ? 'Topology can only be provided when (re-)joining.' : null;
}
