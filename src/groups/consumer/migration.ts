/** Upgrades a group with members from the classic protocol to the consumer protocol, and downgrades it (KIP-848). */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClassicGroup } from '../classic/state.ts';
import { addMember, enter, groupMetadata, metadataFor, newClassicGroup } from '../classic/state.ts';
import { listPartitions } from '../modern/assignment.ts';
import type { Assignment } from '../modern/assignment.ts';
import { sortedNames, targetOf } from '../modern/group.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { metadataHashOf } from '../modern/topics.ts';
import { hasUserData, readAssignment, readSubscription } from '../../../protocol/topics/consumer-protocol-bytes.ts';
import { writeAssignment } from './consumer-protocol.ts';
import { addGroupTombstones } from './tombstones.ts';
import type { ConsumerRecord } from './records.ts';
import { replayConsumer } from './replay.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { MemberState, newConsumerGroup, newConsumerMember, OWNS_NOTHING, usesClassicProtocol } from './state.ts';
import { namesOf } from './topics.ts';
import type { GroupTopics } from '../group-topics.ts';
import type { ConsumerLimits, ConsumerDecision } from './decision.ts';
import { startSession } from './decision.ts';
import { selectProtocol } from '../classic/protocol-vote.ts';

/** Whether the classic group is deleted when a member of the consumer protocol joins under its name. */
export function isReplaceable(group: ClassicGroup): boolean {
  return group.state === 'Empty' && group.members.size === 0;
}

/**
 * The consumer group that takes the classic one's place, as its records make it; they are added to the decision. Each
 * member keeps what it has, in the epoch of its generation.
 */
export function upgrade(classic: ClassicGroup, decision: ConsumerDecision): ConsumerGroup | GroupRefusal {
  const { groupId } = classic;
  const group = newConsumerGroup(groupId);
  if (isReplaceable(classic)) {
    decision.records.push({ type: 'group', groupId, metadata: null });
    return group;
  }
  const refusal = checkUpgrade(classic, decision.limits);
  if (refusal !== null) return refusal;
  const members = consumersOf(classic, decision.topics);
  if (members === null) {
    return noConsumerGroup(groupId, 'its members do not use the formats of the consumer protocol');
  }
  const epoch = classic.generationId;
  const metadataHash = metadataHashOf(namesOf(members, new Map()), decision.topics);
  const targets = members.map(({ memberId, assignedPartitions }) => {
    const value: Assignment = new Map(Array.from(assignedPartitions, ([id, owned]) => [id, new Set(owned.keys())]));
    return { type: 'consumerTarget' as const, groupId, memberId, value };
  });
  const records: ConsumerRecord[] = [
    ...members.map((value) => ({ type: 'consumerMember' as const, groupId, memberId: value.memberId, value })),
    { type: 'consumerEpoch', groupId, value: { epoch, metadataHash } },
    ...targets,
    { type: 'consumerTargetEpoch', groupId, value: { assignmentEpoch: epoch, assignmentTimestamp: 0 } },
    ...members.map((value) => ({ type: 'consumerCurrent' as const, groupId, memberId: value.memberId, value })),
  ];
  for (const record of records) replayConsumer(group, record);
  decision.records.push({ type: 'group', groupId, metadata: null });
  for (const record of records) decision.records.push(record);
  for (const member of members) startSession(member, decision);
  return group;
}

function checkUpgrade(classic: ClassicGroup, limits: ConsumerLimits): GroupRefusal | null {
  const { groupId } = classic;
  if (classic.protocolType !== 'consumer') return noConsumerGroup(groupId, 'its members are no consumers');
  if (!limits.upgrade) return noConsumerGroup(groupId, 'group.consumer.migration.policy forbids to upgrade it');
  if (classic.members.size > limits.maxSize) {
    return noConsumerGroup(groupId, 'it is larger than group.consumer.max.size');
  }
  if ([...classic.members.values()].some(({ assignment }) => assignment.length > 0 && hasUserData(assignment))) {
    return noConsumerGroup(groupId, 'its assignor gives members data that the broker would lose');
  }
  return null;
}

export function noConsumerGroup(groupId: string, why: string): GroupRefusal {
  const errorMessage = `Group '${groupId}' is not a consumer group, and ${why}.`;
  return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage };
}

/** Null where a member's bytes cannot be read: a client's own format under the type 'consumer'. */
function consumersOf(classic: ClassicGroup, topics: GroupTopics): ConsumerMember[] | null {
  const members: ConsumerMember[] = [];
  for (const member of classic.members.values()) {
    const protocolName = classic.protocolName ?? member.protocols[0]?.name ?? null;
    const subscription = readSubscription(metadataFor(member, protocolName));
    const assignment = member.assignment.length === 0 ? [] : readAssignment(member.assignment);
    if (subscription === null || assignment === null) return null;
    const epoch = classic.generationId;
    const assigned = new Map<string, Map<number, number>>();
    for (const { topic, partitions } of assignment) {
      const known = topics.topicsByName.get(topic);
      if (known === undefined || partitions.length === 0) continue;
      assigned.set(known.id, new Map(partitions.map((partition) => [partition, epoch])));
    }
    members.push({
      ...newConsumerMember(member.memberId),
      instanceId: member.groupInstanceId,
      rackId: subscription.rackId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: sortedNames(subscription.topics),
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      classicMemberMetadata: { sessionTimeoutMs: member.sessionTimeoutMs, supportedProtocols: member.protocols },
      memberEpoch: epoch,
      previousMemberEpoch: epoch,
      state: MemberState.STABLE,
      assignedPartitions: assigned,
      partitionsPendingRevocation: OWNS_NOTHING,
    });
  }
  return members;
}

/** Whether all members but these speak the classic protocol, and the limits allow a downgrade. */
export function mayDowngrade(group: ConsumerGroup, gone: readonly ConsumerMember[], limits: ConsumerLimits): boolean {
  const size = group.members.size - gone.length;
  if (size === 0 || !limits.downgrade || size > limits.classicMaxSize) return false;
  const goneMembers = new Set(gone);
  for (const member of group.members.values()) {
    if (!usesClassicProtocol(member) && !goneMembers.has(member)) return false;
  }
  return true;
}

/** Ends the consumer group, and makes a classic group of the members that stay. */
export function downgrade(group: ConsumerGroup, gone: readonly ConsumerMember[], decision: ConsumerDecision): void {
  addGroupTombstones(group, decision);
  const goneMembers = new Set(gone);
  const stay = [...group.members.values()].filter((member) => !goneMembers.has(member));
  const classic = newClassicGroup(group.groupId, decision.nowMs);
  classic.generationId = group.groupEpoch;
  classic.protocolType = 'consumer';
  for (const member of stay) addClassicMember(classic, member, group, decision.topics);
  classic.protocolName = selectProtocol(classic);
  classic.subscribedTopics = namesOf(stay, group.regexes);
  enter(classic, 'Stable', decision.nowMs);
  decision.records.push({ type: 'group', groupId: group.groupId, metadata: groupMetadata(classic) });
  decision.downgraded = classic;
}

function addClassicMember(
  classic: ClassicGroup,
  member: ConsumerMember,
  group: ConsumerGroup,
  topics: GroupTopics,
): void {
  const { memberId, instanceId: groupInstanceId, clientId, clientHost, rebalanceTimeoutMs } = member;
  const { sessionTimeoutMs = 0, supportedProtocols = [] } = member.classicMemberMetadata ?? {};
  const assignment = writeAssignment(
    listPartitions(targetOf(group, memberId)),
    topics,
    supportedProtocols[0]?.metadata,
  );
  addMember(classic, {
    memberId,
    groupInstanceId,
    clientId,
    clientHost,
    connectionId: group.connections.get(memberId) ?? -1,
    rebalanceTimeoutMs,
    sessionTimeoutMs,
    protocols: supportedProtocols,
    assignment,
    joining: null,
    syncing: null,
    isNew: false,
  });
}
