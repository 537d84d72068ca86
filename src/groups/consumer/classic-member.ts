/** Members of the classic protocol in a consumer group: JoinGroup, SyncGroup, Heartbeat and LeaveGroup (KIP-848). */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { JoinResponse, LeftMember, SyncResponse } from '../classic/state.ts';
import { joinError, syncError } from '../classic/state.ts';
import { listPartitions } from '../modern/assignment.ts';
import type { TopicPartitions } from '../modern/assignment.ts';
import { mayAssign } from '../modern/epochs.ts';
import { sortedNames, targetOf } from '../modern/group.ts';
import { isRefusal } from '../modern/refusal.ts';
import { readSubscription, type Subscription } from '../../../protocol/topics/consumer-protocol-bytes.ts';
import { writeAssignment } from './consumer-protocol.ts';
import { removeMembers } from './leave.ts';
import { sameMember } from './member.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { isOwned, MemberState, usesClassicProtocol } from './state.ts';
import { applyMember } from './apply-member.ts';
import { checkRoom, subscribe } from './subscribe.ts';
import type { GroupTopics } from '../group-topics.ts';
import type { ConsumerDecision } from './decision.ts';
import { startSession } from './decision.ts';
import type { HeartbeatRequest, JoinCall, JoinRequest, LeaveRequest, SyncRequest } from '../requests.ts';

export function classicJoin(group: ConsumerGroup, request: JoinCall, decision: ConsumerDecision): JoinResponse {
  const { newMemberId, groupInstanceId, protocols, sessionTimeoutMs, rebalanceTimeoutMs, clientId, clientHost } =
    request;
  // With migration disabled the group stays with the consumer protocol alone.
  const { upgrade, downgrade } = decision.limits;
  if (!upgrade && !downgrade) return joinError('', ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  const full = checkRoom(group, request.memberId, groupInstanceId, decision.limits.maxSize);
  if (full !== null) return joinError('', full.errorCode);
  if (request.protocolType !== 'consumer' || protocols.length === 0 || !shareProtocol(group, request)) {
    return joinError('', ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  const isNew = request.memberId === '';
  if (isNew && groupInstanceId === null && request.requireKnownMemberId) {
    return joinError(newMemberId, ErrorCode.MEMBER_ID_REQUIRED);
  }
  const subscription = readSubscription(protocols[0].metadata);
  if (subscription === null) return joinError('', ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  const memberId = isNew ? newMemberId : request.memberId;
  const owned = ownedOf(subscription, decision.topics);
  const joined = subscribe(group, {
    memberId,
    memberEpoch: null,
    instanceId: groupInstanceId,
    joins: isNew || groupInstanceId === null,
    owned,
  });
  if (isRefusal(joined)) return joinError(request.memberId, joined.errorCode);
  const { member } = joined;
  const updated = sameMember(member, {
    ...member,
    instanceId: groupInstanceId ?? member.instanceId,
    rackId: subscription.rackId ?? member.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    subscribedTopicNames: sortedNames(subscription.topics),
    classicMemberMetadata: { sessionTimeoutMs, supportedProtocols: protocols },
  });
  const after = applyMember(group, joined, updated, owned, decision);
  if (isRefusal(after)) return joinError(request.memberId, after.errorCode);
  startSession(after, decision);
  decision.timers.push(
    { name: 'join', memberId, afterMs: null },
    { name: 'rebalance', memberId, afterMs: null },
    { name: 'sync', memberId, afterMs: rebalanceTimeoutMs },
  );
  return {
    errorCode: ErrorCode.NONE,
    generationId: after.memberEpoch,
    protocolType: 'consumer',
    // The group has no leader: the broker assigns.
    protocolName: protocols[0].name,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

/** Members of the classic protocol must have a protocol in common: the group may be downgraded to a classic one. */
function shareProtocol(group: ConsumerGroup, { memberId, protocols }: JoinRequest): boolean {
  let common = protocols.map(({ name }) => name);
  for (const member of group.members.values()) {
    if (member.classicMemberMetadata === null || member.memberId === memberId) continue;
    const names = new Set(member.classicMemberMetadata.supportedProtocols.map(({ name }) => name));
    common = common.filter((name) => names.has(name));
  }
  return common.length > 0;
}

function ownedOf({ ownedPartitions }: Subscription, { topicsByName }: GroupTopics): TopicPartitions[] {
  return ownedPartitions.flatMap(({ topic, partitions }) => {
    const topicId = topicsByName.get(topic)?.id;
    return topicId === undefined ? [] : [{ topicId, partitions }];
  });
}

export function classicSync(group: ConsumerGroup, request: SyncRequest, decision: ConsumerDecision): SyncResponse {
  const member = classicMember(group, request.memberId, request.groupInstanceId);
  if (typeof member === 'number') return syncError(member);
  if (request.generationId !== member.memberEpoch) return syncError(ErrorCode.ILLEGAL_GENERATION);
  const [protocol] = member.classicMemberMetadata?.supportedProtocols ?? [];
  const { protocolType, protocolName } = request;
  if ((protocolType ?? 'consumer') !== 'consumer' || (protocolName ?? protocol.name) !== protocol.name) {
    return syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  // An epoch that still waits for its assignment has nothing for the member to join again for.
  if (member.memberEpoch < group.assignmentEpoch && member.state !== MemberState.UNREVOKED_PARTITIONS) {
    awaitJoin(member, decision);
    return syncError(ErrorCode.REBALANCE_IN_PROGRESS);
  }
  decision.timers.push({ name: 'sync', memberId: member.memberId, afterMs: null });
  startSession(member, decision);
  return {
    errorCode: ErrorCode.NONE,
    protocolType: 'consumer',
    protocolName: protocol.name,
    assignment: writeAssignment(listPartitions(member.assignedPartitions), decision.topics, protocol.metadata),
  };
}

/** REBALANCE_IN_PROGRESS where the member gets a new assignment, or revokes partitions, by joining again. */
export function classicHeartbeat(group: ConsumerGroup, request: HeartbeatRequest, decision: ConsumerDecision): number {
  const member = classicMember(group, request.memberId, request.groupInstanceId);
  if (typeof member === 'number') return member;
  if (request.generationId !== member.memberEpoch) return ErrorCode.ILLEGAL_GENERATION;
  startSession(member, decision);
  const shallJoin =
    member.memberEpoch < group.assignmentEpoch ||
    isAssignedByJoining(group, decision) ||
    member.state === MemberState.UNREVOKED_PARTITIONS ||
    (member.state === MemberState.UNRELEASED_PARTITIONS && !waits(group, member));
  if (!shallJoin) return ErrorCode.NONE;
  awaitJoin(member, decision);
  return ErrorCode.REBALANCE_IN_PROGRESS;
}

/** Members of the consumer protocol bring an assignment about with their heartbeats; without any, it takes a member that joins again. */
function isAssignedByJoining(group: ConsumerGroup, decision: ConsumerDecision): boolean {
  return mayAssign(group, group.groupEpoch, decision) && [...group.members.values()].every(usesClassicProtocol);
}

/** Whether others still have partitions that the member is to get. */
function waits(group: ConsumerGroup, member: ConsumerMember): boolean {
  for (const [topicId, partitions] of targetOf(group, member.memberId)) {
    for (const partition of partitions) {
      const has = member.assignedPartitions.get(topicId)?.has(partition) ?? false;
      if (!has && isOwned(group, topicId, partition)) return true;
    }
  }
  return false;
}

/** The member has its rebalance timeout to join again, counted from when it was first told to. */
function awaitJoin(member: ConsumerMember, decision: ConsumerDecision): void {
  decision.timers.push({ name: 'join', memberId: member.memberId, afterMs: member.rebalanceTimeoutMs, keep: true });
}

function classicMember(group: ConsumerGroup, memberId: string, instanceId: string | null): ConsumerMember | number {
  if (instanceId !== null) {
    const current = group.staticMembers.get(instanceId);
    if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    if (current !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
  }
  const member = group.members.get(memberId);
  return member === undefined || !usesClassicProtocol(member) ? ErrorCode.UNKNOWN_MEMBER_ID : member;
}

/** Members that leave, and members of either protocol that an administrator takes out. */
export function classicLeave(
  group: ConsumerGroup,
  { members }: LeaveRequest,
  decision: ConsumerDecision,
): LeftMember[] {
  const gone = new Set<ConsumerMember>();
  const left = members.map(({ memberId, groupInstanceId }): LeftMember => {
    const result = { memberId, groupInstanceId, errorCode: ErrorCode.NONE as number };
    const id = groupInstanceId === null ? memberId : group.staticMembers.get(groupInstanceId);
    const member = id === undefined ? undefined : group.members.get(id);
    if (member === undefined) result.errorCode = ErrorCode.UNKNOWN_MEMBER_ID;
    else if (memberId !== '' && memberId !== member.memberId) result.errorCode = ErrorCode.FENCED_INSTANCE_ID;
    else gone.add(member);
    return result;
  });
  removeMembers(group, [...gone], 'it left the group, or was removed', decision);
  return left;
}
