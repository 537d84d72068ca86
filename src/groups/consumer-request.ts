/** What a ConsumerGroupHeartbeat must say, whatever the group. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ConsumerHeartbeat } from './consumer-heartbeat.ts';
import { JOIN_EPOCH, LEAVE_EPOCH, LEAVE_STATIC_EPOCH } from './consumer-heartbeat.ts';
import type { Refusal } from './consumer-turn.ts';

/** Null, or what is wrong with it. `makesIds`: the broker makes member ids for who joins without one (v0). */
export function checkHeartbeat(
  groupId: string, request: ConsumerHeartbeat, makesIds: boolean, assignors: readonly string[],
): Refusal | null {
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
  if (groupId === '') return 'GroupId must not be empty.';
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
