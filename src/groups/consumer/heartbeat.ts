/** ConsumerGroupHeartbeat: a member joins, changes its subscription, or tells its partitions and is told its assignment. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { listPartitions } from '../modern/assignment.ts';
import { sortedNames } from '../modern/group.ts';
import { isRefusal } from '../modern/refusal.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { leave } from './leave.ts';
import { sameMember } from './member.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './request.ts';
import { JOIN_EPOCH } from './request.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { ownSame, usesClassicProtocol } from './state.ts';
import { applyMember } from './apply-member.ts';
import { checkRoom, subscribe } from './subscribe.ts';
import type { ConsumerDecision } from './decision.ts';
import { startSession } from './decision.ts';

export function heartbeat(
  group: ConsumerGroup,
  request: ConsumerHeartbeat,
  decision: ConsumerDecision,
): ConsumerHeartbeatResponse | GroupRefusal {
  if (request.memberEpoch < 0) return leave(group, request, decision);
  const joins = request.memberEpoch === JOIN_EPOCH;
  const full = checkRoom(group, request.memberId, request.instanceId, decision.limits.maxSize);
  if (full !== null) return full;
  const joined = subscribe(group, { ...request, joins, owned: request.topicPartitions });
  if (isRefusal(joined)) return joined;
  const updated = update(joined.member, request);
  const after = applyMember(group, joined, updated, request.topicPartitions, decision);
  if (isRefusal(after)) return after;
  startSession(after, decision);
  if (usesClassicProtocol(joined.member)) {
    // The member has been upgraded: it will not send JoinGroup and SyncGroup any more.
    for (const name of ['join', 'sync'] as const)
      decision.timers.push({ name, memberId: after.memberId, afterMs: null });
  }
  const isWhole =
    joins ||
    (request.rebalanceTimeoutMs !== -1 &&
      request.topicPartitions !== null &&
      (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null));
  const isNews = isWhole || !ownSame(joined.member.assignedPartitions, after.assignedPartitions);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId: after.memberId,
    memberEpoch: after.memberEpoch,
    heartbeatIntervalMs: decision.limits.heartbeatIntervalMs,
    assignment: isNews ? { topicPartitions: listPartitions(after.assignedPartitions) } : null,
  };
}

/** The same object where nothing has changed, which is nearly always. */
function update(member: ConsumerMember, request: ConsumerHeartbeat): ConsumerMember {
  const { instanceId, rackId, subscribedTopicNames: names, subscribedTopicRegex: regex, serverAssignor } = request;
  const { clientId, clientHost, rebalanceTimeoutMs } = request;
  const told =
    instanceId !== null ||
    rackId !== null ||
    names !== null ||
    regex !== null ||
    serverAssignor !== null ||
    rebalanceTimeoutMs !== -1 ||
    clientId !== member.clientId ||
    clientHost !== member.clientHost ||
    usesClassicProtocol(member);
  if (!told) return member;
  return sameMember(member, {
    ...member,
    instanceId: instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    clientId,
    clientHost,
    subscribedTopicNames: names === null ? member.subscribedTopicNames : sortedNames(names),
    subscribedTopicRegex: regex ?? member.subscribedTopicRegex,
    serverAssignor: serverAssignor ?? member.serverAssignor,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    classicMemberMetadata: null,
  });
}
