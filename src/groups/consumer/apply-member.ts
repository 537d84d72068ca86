/** Applies what a member has said, in either protocol, to its group: group epoch, target assignment, the member's reconciliation. */
import { consumerRecords } from './records.ts';
import { NO_PARTITIONS } from '../modern/assignment.ts';
import type { Assignment, TopicPartitions } from '../modern/assignment.ts';
import { mayAssign, nextEpoch } from '../modern/epochs.ts';
import { membersWith, sameNames, targetOf } from '../modern/group.ts';
import { isRefusal } from '../modern/refusal.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { addMemberTombstones } from './tombstones.ts';
import { reconcile } from './reconcile.ts';
import { updateRegexes } from './regexes.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { MemberState, usesClassicProtocol } from './state.ts';
import type { Joined } from './subscribe.ts';
import { assignTargets, chooseAssignor } from './target.ts';
import { namesOf, topicIdsOf } from './topics.ts';
import type { ConsumerDecision } from './decision.ts';

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
  const { records, topics, limits } = decision;
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
  const names = () => namesOf(everyone(), regexes.resolved);
  const otherAssignor =
    updated.serverAssignor !== member.serverAssignor &&
    chooseAssignor(everyone(), limits.assignors) !== chooseAssignor(group.members.values(), limits.assignors);
  const why = { changed: changed || otherAssignor, look: decision.askedRegexes };
  const epoch = nextEpoch(group, names, why, consumerRecords, decision);
  if (epoch > group.groupEpoch) decision.why ??= whyAnew(group, updated, changed, otherAssignor);
  if (regexes.behind) decision.looked = false;

  let target = { epoch: group.assignmentEpoch, partitions: targetOf(group, replaced?.memberId ?? memberId) };
  if (replaced !== null) {
    records.push({ type: 'consumerTarget', groupId, memberId, value: target.partitions });
  }
  if (mayAssign(group, epoch, decision)) {
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

function whyAnew(
  { members }: ConsumerGroup,
  { memberId }: ConsumerMember,
  isChanged: boolean,
  isVoted: boolean,
): string {
  if (!members.has(memberId)) return `member ${memberId} joined`;
  if (isChanged) return `member ${memberId} changed its subscription`;
  return isVoted ? `member ${memberId} voted for another assignor` : 'topics of the group have changed';
}

/** A member that does not revoke its partitions within its rebalance timeout is taken out of the group. */
export function timeRevocation(member: ConsumerMember, decision: ConsumerDecision): void {
  const { memberId, rebalanceTimeoutMs } = member;
  const waits = member.state === MemberState.UNREVOKED_PARTITIONS;
  decision.timers.push({ name: 'rebalance', memberId, afterMs: waits ? rebalanceTimeoutMs : null });
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
