/** ConsumerGroupHeartbeat: a member joins, changes its subscription, or tells what it has and is told what it shall. */
import { ErrorCode } from '../../protocol/errors.ts';
import { leave } from './consumer-leave.ts';
import { reconcile } from './consumer-reconcile.ts';
import { updateRegexes } from './consumer-regexes.ts';
import type { Assignment, ConsumerGroup, ConsumerMember, TopicPartitions } from './consumer-state.ts';
import { listPartitions, MemberState, NO_PARTITIONS, ownSame, targetOf, usesClassicProtocol } from './consumer-state.ts';
import type { Joined } from './consumer-subscribe.ts';
import { checkRoom, replaceMember, subscribe } from './consumer-subscribe.ts';
import { assignTargets } from './consumer-target.ts';
import { metadataHashOf, namesOf, topicIdsOf } from './consumer-topics.ts';
import type { Regexes } from './consumer-topics.ts';
import type { ConsumerTurn, Refusal } from './consumer-turn.ts';
import { isRefusal, startSession } from './consumer-turn.ts';

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
/** A static member goes, and will be back (KIP-848). */
export const LEAVE_STATIC_EPOCH = -2;

export function heartbeat(
  group: ConsumerGroup, request: ConsumerHeartbeat, turn: ConsumerTurn,
): ConsumerHeartbeatResponse | Refusal {
  if (request.memberEpoch < 0) return leave(group, request, turn);
  const joins = request.memberEpoch === JOIN_EPOCH;
  const full = checkRoom(group, request.memberId, turn.limits.maxSize);
  if (full !== null) return full;
  const joined = subscribe(group, { ...request, joins, owned: request.topicPartitions });
  if (isRefusal(joined)) return joined;
  const updated = update(joined.member, request);
  const after = takeIn(group, joined, updated, request.topicPartitions, turn);
  if (isRefusal(after)) return after;
  startSession(after, turn);
  const isWhole = joins || (
    request.rebalanceTimeoutMs !== -1 && request.topicPartitions !== null &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null)
  );
  const isNews = isWhole || !ownSame(joined.member.assignedPartitions, after.assignedPartitions);
  return {
    errorCode: ErrorCode.NONE, errorMessage: null, memberId: after.memberId, memberEpoch: after.memberEpoch,
    heartbeatIntervalMs: turn.limits.heartbeatIntervalMs,
    assignment: isNews ? { topicPartitions: listPartitions(after.assignedPartitions) } : null,
  };
}

/** The same object where nothing has changed, which is nearly always. */
function update(member: ConsumerMember, request: ConsumerHeartbeat): ConsumerMember {
  const { instanceId, rackId, subscribedTopicNames: names, subscribedTopicRegex: regex, serverAssignor } = request;
  const { clientId, clientHost, rebalanceTimeoutMs } = request;
  const told = instanceId !== null || rackId !== null || names !== null || regex !== null || serverAssignor !== null ||
    rebalanceTimeoutMs !== -1 || clientId !== member.clientId || clientHost !== member.clientHost ||
    usesClassicProtocol(member);
  if (!told) return member;
  return sameMember(member, {
    ...member, instanceId: instanceId ?? member.instanceId, rackId: rackId ?? member.rackId, clientId, clientHost,
    subscribedTopicNames: names === null ? member.subscribedTopicNames : sortedNames(names),
    subscribedTopicRegex: regex ?? member.subscribedTopicRegex, serverAssignor: serverAssignor ?? member.serverAssignor,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    classicMemberMetadata: null,
  });
}

export function sortedNames(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

/** The old object where the new one says the same. */
export function sameMember(before: ConsumerMember, after: ConsumerMember): ConsumerMember {
  const same = before.instanceId === after.instanceId && before.rackId === after.rackId &&
    before.clientId === after.clientId && before.clientHost === after.clientHost &&
    before.subscribedTopicRegex === after.subscribedTopicRegex && before.serverAssignor === after.serverAssignor &&
    before.rebalanceTimeoutMs === after.rebalanceTimeoutMs && sameNames(before, after) &&
    before.classicMemberMetadata === after.classicMemberMetadata;
  return same ? before : after;
}

function sameNames(a: ConsumerMember, b: ConsumerMember): boolean {
  const names = b.subscribedTopicNames;
  return a.subscribedTopicNames.length === names.length &&
    a.subscribedTopicNames.every((name, i) => name === names[i]);
}

/**
 * What follows from a member's word, of either protocol: its record, a new epoch where the subscription or the topics
 * have changed, a new target where the epoch has, and the member's next step towards its target.
 */
export function takeIn(
  group: ConsumerGroup, { member, replaced }: Joined, updated: ConsumerMember,
  owned: readonly TopicPartitions[] | null, turn: ConsumerTurn,
): ConsumerMember | Refusal {
  const { groupId } = group;
  const { records, topics, limits, nowMs } = turn;
  const { memberId } = updated;
  if (replaced !== null) replaceMember(group, replaced, turn);
  if (updated !== member || !group.members.has(memberId)) {
    records.push({ type: 'consumerMember', groupId, memberId, value: updated });
  }
  const regexes = updateRegexes(group, member, updated, turn);
  if (isRefusal(regexes)) return regexes;
  const changed = regexes.changed || !sameNames(member, updated);
  const everyone = () => membersWith(group, updated, replaced);
  const epoch = nextEpoch(group, everyone, changed, regexes.resolved, turn);

  let target = { epoch: group.assignmentEpoch, partitions: targetOf(group, replaced?.memberId ?? memberId) };
  if (replaced !== null) {
    records.push({ type: 'consumerTarget', groupId, memberId, value: target.partitions });
  }
  if (epoch > group.assignmentEpoch && nowMs - group.assignmentTimestamp >= limits.assignmentIntervalMs) {
    const targets = assignTargets(groupId, everyone(), targetsFor(group, memberId, replaced), regexes.resolved, epoch, turn);
    target = { epoch, partitions: targets.get(memberId) ?? NO_PARTITIONS };
  }
  const after = reconcile(
    group, updated, target, owned, () => topicIdsOf(updated, regexes.resolved, topics), changed,
  );
  if (after !== updated || replaced !== null) {
    records.push({ type: 'consumerCurrent', groupId, memberId, value: after });
    if (!usesClassicProtocol(after)) timeRevocation(after, turn);
  }
  return after;
}

/** A member that does not give up what it shall within its rebalance timeout is taken out. */
export function timeRevocation(member: ConsumerMember, turn: ConsumerTurn): void {
  const { memberId, rebalanceTimeoutMs } = member;
  const waits = member.state === MemberState.UNREVOKED_PARTITIONS;
  turn.timers.push({ name: 'rebalance', memberId, afterMs: waits ? rebalanceTimeoutMs : null });
}

/** The group's epoch from here on; a new one where something has changed that an assignment depends on. */
function nextEpoch(
  group: ConsumerGroup, everyone: () => ConsumerMember[], changed: boolean, regexes: Regexes, turn: ConsumerTurn,
): number {
  if (!changed && group.seenTopics === turn.topics.topicsByName) return group.groupEpoch;
  const metadataHash = metadataHashOf(namesOf(everyone(), regexes), turn.topics);
  turn.looked = true;
  if (!changed && metadataHash === group.metadataHash) return group.groupEpoch;
  const epoch = group.groupEpoch + 1;
  turn.records.push({ type: 'consumerEpoch', groupId: group.groupId, value: { epoch, metadataHash } });
  return epoch;
}

function membersWith(group: ConsumerGroup, updated: ConsumerMember, replaced: ConsumerMember | null): ConsumerMember[] {
  const members: ConsumerMember[] = [];
  for (const member of group.members.values()) {
    if (member.memberId !== updated.memberId && member !== replaced) members.push(member);
  }
  members.push(updated);
  return members;
}

/** A static member that comes back under another id keeps what it had. */
function targetsFor(
  group: ConsumerGroup, memberId: string, replaced: ConsumerMember | null,
): ReadonlyMap<string, Assignment> {
  if (replaced === null) return group.targets;
  const targets = new Map(group.targets);
  targets.delete(replaced.memberId);
  return targets.set(memberId, targetOf(group, replaced.memberId));
}
