/** The tombstones of what a consumer group loses. */
import type { ConsumerDecision } from './decision.ts';
import { cancelTimers } from './decision.ts';
import type { ConsumerRecord } from './records.ts';
import type { ConsumerGroup } from './state.ts';

function memberTombstones(groupId: string, memberId: string): ConsumerRecord[] {
  return [
    { type: 'consumerCurrent', groupId, memberId, value: null },
    { type: 'consumerTarget', groupId, memberId, value: null },
    { type: 'consumerMember', groupId, memberId, value: null },
  ];
}

/** Of all that the group is but its offsets. */
export function groupTombstones(group: ConsumerGroup): ConsumerRecord[] {
  const { groupId } = group;
  return [
    ...[...memberIdsOf(group)].flatMap((memberId) => memberTombstones(groupId, memberId)),
    ...Array.from(group.regexes.keys(), (regularExpression) => ({
      type: 'consumerRegex' as const,
      groupId,
      regularExpression,
      value: null,
    })),
    { type: 'consumerTargetEpoch', groupId, value: null },
    { type: 'consumerEpoch', groupId, value: null },
  ];
}

function memberIdsOf({ members, targets }: ConsumerGroup): Set<string> {
  return new Set([...members.keys(), ...targets.keys()]);
}

export function addMemberTombstones(groupId: string, memberId: string, decision: ConsumerDecision): void {
  for (const record of memberTombstones(groupId, memberId)) decision.records.push(record);
  cancelTimers(memberId, decision);
}

export function addRegexTombstone(groupId: string, regularExpression: string, decision: ConsumerDecision): void {
  decision.records.push({ type: 'consumerRegex', groupId, regularExpression, value: null });
}

export function addGroupTombstones(group: ConsumerGroup, decision: ConsumerDecision): void {
  for (const record of groupTombstones(group)) decision.records.push(record);
  for (const memberId of memberIdsOf(group)) cancelTimers(memberId, decision);
}
