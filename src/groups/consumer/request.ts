/** What ConsumerGroupHeartbeat says and is answered, and what it must say whatever the group. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { TopicPartitions } from '../modern/assignment.ts';
import type { MayDescribe } from '../requests.ts';
import type { GroupRefusal } from '../modern/refusal.ts';

/** Named as in ConsumerGroupHeartbeatRequest; null or -1: as in the last heartbeat. */
export interface ConsumerHeartbeat {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  readonly topicPartitions: readonly TopicPartitions[] | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Absent: it may know all topics. */
  readonly mayDescribe?: MayDescribe | undefined;
}

/** Named as in ConsumerGroupHeartbeatResponse. */
export interface ConsumerHeartbeatResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as it was. */
  readonly assignment: { readonly topicPartitions: { topicId: string; partitions: number[] }[] } | null;
}

export const JOIN_EPOCH = 0;
export const LEAVE_EPOCH = -1;
/** A static member leaves and will come back (KIP-848). */
export const LEAVE_STATIC_EPOCH = -2;

/** Null, or why the request is refused. `makesIds`: the broker makes an id for a member that joins without one (v0). */
export function checkHeartbeat(
  groupId: string,
  request: ConsumerHeartbeat,
  makesIds: boolean,
  assignors: readonly string[],
): GroupRefusal | null {
  const what = faultOf(groupId, request, makesIds);
  if (what !== null) return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: what };
  const { serverAssignor } = request;
  if (serverAssignor === null || assignors.includes(serverAssignor)) return null;
  const errorMessage = `The broker has no assignor '${serverAssignor}': use one of ${assignors.join(', ')}.`;
  return { errorCode: ErrorCode.UNSUPPORTED_ASSIGNOR, errorMessage };
}

function faultOf(groupId: string, request: ConsumerHeartbeat, makesIds: boolean): string | null {
  const { memberId, memberEpoch, instanceId, rackId } = request;
  if (memberId === '' && (!makesIds || memberEpoch !== JOIN_EPOCH)) return 'MemberId must not be empty.';
  if (groupId === '') return "GroupId can't be empty.";
  if (instanceId === '') return 'InstanceId must not be empty: leave it out for a dynamic member.';
  if (rackId === '') return 'RackId must not be empty: leave it out where there are no racks.';
  if (memberEpoch === JOIN_EPOCH) return joinFaultOf(request);
  if (memberEpoch > JOIN_EPOCH || memberEpoch === LEAVE_EPOCH) return null;
  if (memberEpoch !== LEAVE_STATIC_EPOCH) return `MemberEpoch ${memberEpoch} has no meaning.`;
  return instanceId === null ? 'Only a member with an InstanceId can leave for a while (epoch -2).' : null;
}

function joinFaultOf(request: ConsumerHeartbeat): string | null {
  if (request.rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be told by a member that joins.';
  if (request.topicPartitions === null || request.topicPartitions.length > 0) {
    return 'TopicPartitions must be an empty list from a member that joins.';
  }
  return request.subscribedTopicNames === null && request.subscribedTopicRegex === null
    ? 'SubscribedTopicNames or SubscribedTopicRegex must be told by a member that joins.'
    : null;
}
