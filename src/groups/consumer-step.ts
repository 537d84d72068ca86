/** What a member's word, in either protocol, makes of its group: epochs, a target, the member's next step. */
import { forget } from './consumer-forget.ts';
import { sameNames } from './consumer-member.ts';
import { reconcile } from './consumer-reconcile.ts';
import { updateRegexes } from './consumer-regexes.ts';
import type { Assignment, ConsumerGroup, ConsumerMember, TopicPartitions } from './consumer-state.ts';
import { MemberState, NO_PARTITIONS, targetOf, usesClassicProtocol } from './consumer-state.ts';
import type { Joined } from './consumer-subscribe.ts';
import { assignTargets } from './consumer-target.ts';
import { metadataHashOf, namesOf, topicIdsOf } from './consumer-topics.ts';
import type { Regexes } from './consumer-topics.ts';
import type { ConsumerTurn, Refusal } from './consumer-turn.ts';
import { isRefusal } from './consumer-turn.ts';

/**
 * What follows from a member's word, of either protocol: its record, a new epoch where the subscription or the topics
 * have changed, a new target where the epoch has, and the member's next step towards its target.
 */
export function takeIn(
  group: ConsumerGroup,
  { member, replaced }: Joined,
  updated: ConsumerMember,
  owned: readonly TopicPartitions[] | null,
  turn: ConsumerTurn,
): ConsumerMember | Refusal {
  const { groupId } = group;
  const { records, topics, limits, nowMs } = turn;
  const { memberId } = updated;
  // What the old member of an instance had is the new one's.
  if (replaced !== null) forget(groupId, replaced.memberId, turn);
  if (updated !== member || !group.members.has(memberId)) {
    records.push({ type: 'consumerMember', groupId, memberId, value: updated });
  }
  const regexes = updateRegexes(group, member, updated, turn);
  if (isRefusal(regexes)) return regexes;
  const changed = regexes.changed || !sameNames(member, updated);
  const everyone = () => membersWith(group, updated, replaced);
  const epoch = nextEpoch(group, everyone, changed, regexes.resolved, turn);
  if (regexes.behind) turn.looked = false;

  let target = { epoch: group.assignmentEpoch, partitions: targetOf(group, replaced?.memberId ?? memberId) };
  if (replaced !== null) {
    records.push({ type: 'consumerTarget', groupId, memberId, value: target.partitions });
  }
  if (epoch > group.assignmentEpoch && nowMs - group.assignmentTimestamp >= limits.assignmentIntervalMs) {
    const before = targetsFor(group, memberId, replaced);
    const targets = assignTargets(groupId, everyone(), before, regexes.resolved, epoch, turn);
    target = { epoch, partitions: targets.get(memberId) ?? NO_PARTITIONS };
  }
  const after = reconcile(group, updated, target, owned, () => topicIdsOf(updated, regexes.resolved, topics), changed);
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
  group: ConsumerGroup,
  everyone: () => ConsumerMember[],
  changed: boolean,
  regexes: Regexes,
  turn: ConsumerTurn,
): number {
  if (!changed && !turn.askedRegexes && group.seenTopics === turn.topics.topicsByName) return group.groupEpoch;
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
  group: ConsumerGroup,
  memberId: string,
  replaced: ConsumerMember | null,
): ReadonlyMap<string, Assignment> {
  if (replaced === null) return group.targets;
  const targets = new Map(group.targets);
  targets.delete(replaced.memberId);
  return targets.set(memberId, targetOf(group, replaced.memberId));
}
