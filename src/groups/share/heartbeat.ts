/** ShareGroupHeartbeat: a member joins, changes its subscription, leaves, or says that it is alive, and is told its assignment. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { simple } from '../assignors/simple.ts';
import type { Assignment } from '../modern/assignment.ts';
import { listPartitions, NO_PARTITIONS, sameAssignment } from '../modern/assignment.ts';
import { startSession } from '../modern/decision.ts';
import { addTargets, mayAssign, nextEpoch } from '../modern/epochs.ts';
import { membersWith, sameNames, sortedNames, targetOf } from '../modern/group.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { unknownMember } from '../modern/refusal.ts';
import type { ShareDecision } from './decision.ts';
import { removeMembers } from './leave.ts';
import { shareRecords } from './records.ts';
import type { ShareHeartbeat, ShareHeartbeatResponse } from './request.ts';
import { JOIN_EPOCH, LEAVE_EPOCH } from './request.ts';
import { addInitializing, hasUnassigned } from './state-partitions.ts';
import type { ShareGroup, ShareMember } from './state.ts';
import { namesOf, newShareMember } from './state.ts';

export function shareHeartbeat(
  group: ShareGroup,
  request: ShareHeartbeat,
  decision: ShareDecision,
): ShareHeartbeatResponse | GroupRefusal {
  const { memberId, memberEpoch, subscribedTopicNames } = request;
  const known = group.members.get(memberId);
  if (memberEpoch === LEAVE_EPOCH) return leave(group, known, request, decision);
  const refusal = checkRoom(group, known, decision) ?? checkEpoch(known, request);
  if (refusal !== null) return refusal;
  const member = known ?? newShareMember(memberId);
  const updated = update(member, request);
  const after = applyMember(group, member, updated, decision);
  startSession(updated, decision);
  const isNews =
    memberEpoch === JOIN_EPOCH ||
    subscribedTopicNames !== null ||
    !sameAssignment(member.assignedPartitions, after.assignedPartitions);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch: after.memberEpoch,
    heartbeatIntervalMs: decision.limits.heartbeatIntervalMs,
    assignment: isNews ? { topicPartitions: listPartitions(after.assignedPartitions) } : null,
  };
}

function leave(
  group: ShareGroup,
  member: ShareMember | undefined,
  { memberId, memberEpoch }: ShareHeartbeat,
  decision: ShareDecision,
): ShareHeartbeatResponse | GroupRefusal {
  if (member === undefined) return unknownMember(memberId);
  removeMembers(group, [member], 'it left the group', decision);
  const ok = { errorCode: ErrorCode.NONE, errorMessage: null };
  return { ...ok, memberId, memberEpoch, heartbeatIntervalMs: 0, assignment: null };
}

/** Null, or why there is no room for one more. */
function checkRoom(
  { members }: ShareGroup,
  known: ShareMember | undefined,
  { limits: { maxSize } }: ShareDecision,
): GroupRefusal | null {
  if (known !== undefined || members.size < maxSize) return null;
  const errorMessage = `The group has ${maxSize} members, as many as it may: see group.share.max.size.`;
  return { errorCode: ErrorCode.GROUP_MAX_SIZE_REACHED, errorMessage };
}

/** A member that is one epoch behind has not received its last answer. */
function checkEpoch(known: ShareMember | undefined, { memberId, memberEpoch }: ShareHeartbeat): GroupRefusal | null {
  if (memberEpoch === JOIN_EPOCH) return null;
  if (known === undefined) return unknownMember(memberId);
  if (memberEpoch === known.memberEpoch || memberEpoch === known.previousMemberEpoch) return null;
  const errorMessage = `The member is in epoch ${known.memberEpoch}, not ${memberEpoch}: give up all partitions and join again.`;
  return { errorCode: ErrorCode.FENCED_MEMBER_EPOCH, errorMessage };
}

/** The same object where nothing has changed, which is nearly always. */
function update(member: ShareMember, request: ShareHeartbeat): ShareMember {
  const { rackId, subscribedTopicNames: names, clientId, clientHost } = request;
  const updated: ShareMember = {
    ...member,
    rackId: rackId ?? member.rackId,
    clientId,
    clientHost,
    subscribedTopicNames: names === null ? member.subscribedTopicNames : sortedNames(names),
  };
  const same =
    member.rackId === updated.rackId &&
    member.clientId === clientId &&
    member.clientHost === clientHost &&
    (names === null || sameNames(member, updated));
  return same ? member : updated;
}

/**
 * Adds to the decision: the member's record, a new group epoch where the subscription, the topics or their states have changed,
 * a new target assignment where the epoch has, the member's new assignment, and what is to be initialised.
 */
function applyMember(
  group: ShareGroup,
  member: ShareMember,
  updated: ShareMember,
  decision: ShareDecision,
): ShareMember {
  const { groupId } = group;
  const { memberId } = updated;
  if (updated !== member || !group.members.has(memberId)) {
    decision.records.push({ type: 'shareMember', groupId, memberId, value: updated });
  }
  const isOther = !sameNames(member, updated);
  const everyone = (): ShareMember[] => membersWith(group, updated);
  const names = (): Set<string> => namesOf(everyone());
  // An epoch that still waits for its assignment takes along what gets its state meanwhile.
  const isAssigned = group.groupEpoch === group.assignmentEpoch;
  const gotState = isAssigned && !group.seenState && hasUnassigned(group, names(), decision.topics);
  const epoch = nextEpoch(group, names, { changed: isOther || gotState, look: false }, shareRecords, decision);
  if (epoch > group.groupEpoch) decision.why ??= whyAnew(group, memberId, isOther);
  let target = { epoch: group.assignmentEpoch, partitions: targetOf(group, memberId) };
  if (mayAssign(group, epoch, decision)) {
    const targets = assign(group, everyone(), epoch, decision);
    target = { epoch, partitions: targets.get(memberId) ?? NO_PARTITIONS };
  }
  const after = reconcile(updated, target, epoch > group.groupEpoch, decision);
  if (after !== updated) decision.records.push({ type: 'shareCurrent', groupId, memberId, value: after });
  const isLate = decision.nowMs - group.initializingSince >= decision.limits.initializeRetryIntervalMs;
  if (decision.looked || !group.seenState || (group.state.initializing.size > 0 && isLate)) {
    addInitializing(group, names(), decision);
    decision.lookedAtState = true;
  }
  return after;
}

function whyAnew({ members }: ShareGroup, memberId: string, isChanged: boolean): string {
  if (!members.has(memberId)) return `member ${memberId} joined`;
  return isChanged ? `member ${memberId} changed its subscription` : 'topics of the group have changed';
}

function assign(
  group: ShareGroup,
  members: readonly ShareMember[],
  epoch: number,
  decision: ShareDecision,
): Map<string, Assignment> {
  const { topics } = decision;
  const { initialized } = group.state;
  const sets = new Map<string, ReadonlySet<string>>();
  const specs = members.map(({ memberId, subscribedTopicNames }) => {
    const key = subscribedTopicNames.join();
    let topicIds = sets.get(key);
    if (topicIds === undefined) sets.set(key, (topicIds = new Set(topicIdsOf(subscribedTopicNames, decision))));
    return { memberId, instanceId: null, topicIds, assigned: targetOf(group, memberId) };
  });
  const targets = simple(specs, (topicId) => {
    const count = topics.topicsById.get(topicId)?.partitions.length ?? 0;
    const partitions = [...(initialized.get(topicId)?.partitions ?? [])];
    return partitions.filter((partition) => partition < count).sort((a, b) => a - b);
  });
  addTargets(group.groupId, members, group.targets, targets, epoch, shareRecords, decision);
  return targets;
}

function topicIdsOf(names: readonly string[], { topics }: ShareDecision): string[] {
  return names.flatMap((name) => topics.topicsByName.get(name)?.id ?? []);
}

/**
 * A member is given its target at once, but for topics that are gone or that it does not subscribe to any more. With a new epoch of the
 * group it loses these although the assignment for that epoch is still to come.
 */
function reconcile(
  member: ShareMember,
  target: { readonly epoch: number; readonly partitions: Assignment },
  isNewEpoch: boolean,
  decision: ShareDecision,
): ShareMember {
  const isCurrent = member.memberEpoch === target.epoch;
  if (isCurrent && !isNewEpoch) return member;
  const subscribed = new Set(topicIdsOf(member.subscribedTopicNames, decision));
  const assigned = new Map([...target.partitions].filter(([topicId]) => subscribed.has(topicId)));
  const isSame = sameAssignment(member.assignedPartitions, assigned);
  if (isCurrent && isSame) return member;
  return {
    ...member,
    memberEpoch: target.epoch,
    previousMemberEpoch: member.memberEpoch,
    assignedPartitions: isSame ? member.assignedPartitions : assigned,
  };
}
