/** The tombstones of what a consumer group loses. */
import type { ConsumerGroup } from './consumer-state.ts';
import type { ConsumerTurn } from './consumer-turn.ts';
import { cancelTimers } from './consumer-turn.ts';

/** The tombstones of one member. */
export function forget(groupId: string, memberId: string, turn: ConsumerTurn): void {
  turn.records.push(
    { type: 'consumerCurrent', groupId, memberId, value: null },
    { type: 'consumerTarget', groupId, memberId, value: null },
    { type: 'consumerMember', groupId, memberId, value: null },
  );
  cancelTimers(memberId, turn);
}

export function forgetRegex(groupId: string, regularExpression: string, turn: ConsumerTurn): void {
  turn.records.push({ type: 'consumerRegex', groupId, regularExpression, value: null });
}

/** Every trace of the group but its offsets. */
export function forgetGroup(group: ConsumerGroup, turn: ConsumerTurn): void {
  const { groupId } = group;
  for (const memberId of new Set([...group.members.keys(), ...group.targets.keys()])) forget(groupId, memberId, turn);
  for (const regex of group.regexes.keys()) forgetRegex(groupId, regex, turn);
  turn.records.push(
    { type: 'consumerTargetEpoch', groupId, value: null },
    { type: 'consumerEpoch', groupId, value: null },
  );
}
