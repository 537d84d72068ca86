/** Applies what a member has said, in either protocol, to its group: group epoch, target assignment, the member's reconciliation. */
import { addMemberTombstones } from './tombstones.ts';
import { sameNames } from './member.ts';
import { reconcile } from './reconcile.ts';
import { updateRegexes } from './regexes.ts';
import type { Assignment, ConsumerGroup, ConsumerMember, TopicPartitions } from './state.ts';
import { MemberState, NO_PARTITIONS, targetOf, usesClassicProtocol } from './state.ts';
import type { Joined } from './subscribe.ts';
import { assignTargets, chooseAssignor } from './target.ts';
import { metadataHashOf, namesOf, topicIdsOf } from './topics.ts';
import type { Regexes } from './topics.ts';
import type { ConsumerDecision, GroupRefusal } from './decision.ts';
import { isRefusal } from './decision.ts';

/**
 * Adds to the decision: the member's record, a new group epoch where the subscription or the topics have changed, a new target
 * assignment where the epoch has, and the member's next step towards its target.
 */
export function applyMember(
  group: ConsumerGroup,
  { member, replaced }: Joined,
  updated: ConsumerMember,
  owned: readonly TopicPartitions[] | null,
  decision: ConsumerDecision,
): ConsumerMember | GroupRefusal {
  const { groupId } = group;
  const { records, topics, limits, nowMs } = decision;
  const { memberId } = updated;
  // The new member of an instance takes over what the old one had.
  if (replaced !== null) addMemberTombstones(groupId, replaced.memberId, decision);
  if (updated !== member || !group.members.has(memberId)) {
    records.push({ type: 'consumerMember', groupId, memberId, value: updated });
  }
  const regexes = updateRegexes(group, member, updated, decision);
  if (isRefusal(regexes)) return regexes;
  const changed = regexes.changed || !sameNames(member, updated);
  const everyone = () => membersWith(group, updated, replaced);
  const otherAssignor =
    updated.serverAssignor !== member.serverAssignor &&
    chooseAssignor(everyone(), limits.assignors) !== chooseAssignor(group.members.values(), limits.assignors);
  const epoch = nextEpoch(group, everyone, changed || otherAssignor, regexes.resolved, decision);
  if (regexes.behind) decision.looked = false;

  let target = { epoch: group.assignmentEpoch, partitions: targetOf(group, replaced?.memberId ?? memberId) };
  if (replaced !== null) {
    records.push({ type: 'consumerTarget', groupId, memberId, value: target.partitions });
  }
  if (epoch > group.assignmentEpoch && nowMs - group.assignmentTimestamp >= limits.assignmentIntervalMs) {
    const before = targetsFor(group, memberId, replaced);
    const targets = assignTargets(groupId, everyone(), before, regexes.resolved, epoch, decision);
    target = { epoch, partitions: targets.get(memberId) ?? NO_PARTITIONS };
  }
  const after = reconcile(group, updated, target, owned, () => topicIdsOf(updated, regexes.resolved, topics), changed);
  if (after !== updated || replaced !== null) {
    records.push({ type: 'consumerCurrent', groupId, memberId, value: after });
    if (!usesClassicProtocol(after)) timeRevocation(after, decision);
  }
  return after;
}

/** A member that does not revoke its partitions within its rebalance timeout is taken out of the group. */
export function timeRevocation(member: ConsumerMember, decision: ConsumerDecision): void {
  const { memberId, rebalanceTimeoutMs } = member;
  const waits = member.state === MemberState.UNREVOKED_PARTITIONS;
  decision.timers.push({ name: 'rebalance', memberId, afterMs: waits ? rebalanceTimeoutMs : null });
}

/** The group's epoch from here on; a new one where something has changed that an assignment depends on. */
function nextEpoch(
  group: ConsumerGroup,
  everyone: () => ConsumerMember[],
  changed: boolean,
  regexes: Regexes,
  decision: ConsumerDecision,
): number {
  if (!changed && !decision.askedRegexes && group.seenTopics === decision.topics.topicsByName) return group.groupEpoch;
  const metadataHash = metadataHashOf(namesOf(everyone(), regexes), decision.topics);
  decision.looked = true;
  if (!changed && metadataHash === group.metadataHash) return group.groupEpoch;
  const epoch = group.groupEpoch + 1;
  decision.records.push({ type: 'consumerEpoch', groupId: group.groupId, value: { epoch, metadataHash } });
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

/** A static member that comes back under another member id keeps its target. */
function targetsFor(
  group: ConsumerGroup,
  memberId: string,
  replaced: ConsumerMember | null,
): ReadonlyMap<string, Assignment> {
  if (replaced === null) return group.targets;
  const targets = new Map(group.targets);
  targets.delete(replaced.memberId);
  return targets.set(memberId, targetOf(group, replaced.memberId));
}
