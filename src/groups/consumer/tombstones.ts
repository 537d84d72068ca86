/** The tombstones of what a consumer group loses. */
import type { ConsumerGroup } from './state.ts';
import type { ConsumerDecision } from './decision.ts';
import { cancelTimers } from './decision.ts';

/** The tombstones of one member. */
export function addMemberTombstones(groupId: string, memberId: string, decision: ConsumerDecision): void {
  decision.records.push(
    { type: 'consumerCurrent', groupId, memberId, value: null },
    { type: 'consumerTarget', groupId, memberId, value: null },
    { type: 'consumerMember', groupId, memberId, value: null },
  );
  cancelTimers(memberId, decision);
}

export function addRegexTombstone(groupId: string, regularExpression: string, decision: ConsumerDecision): void {
  decision.records.push({ type: 'consumerRegex', groupId, regularExpression, value: null });
}

/** Every trace of the group but its offsets. */
export function addGroupTombstones(group: ConsumerGroup, decision: ConsumerDecision): void {
  const { groupId } = group;
  for (const memberId of new Set([...group.members.keys(), ...group.targets.keys()]))
    addMemberTombstones(groupId, memberId, decision);
  for (const regex of group.regexes.keys()) addRegexTombstone(groupId, regex, decision);
  decision.records.push(
    { type: 'consumerTargetEpoch', groupId, value: null },
    { type: 'consumerEpoch', groupId, value: null },
  );
}
