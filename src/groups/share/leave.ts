/** How members go from a share group: they leave, or are silent for too long. */
import { noteDeparture } from '../modern/decision.ts';
import { epochWithout } from '../modern/epochs.ts';
import type { ShareDecision } from './decision.ts';
import type { ShareRecord } from './records.ts';
import { shareRecords } from './records.ts';
import type { ShareGroup, ShareMember } from './state.ts';
import { namesOf } from './state.ts';

/** Takes members out, and has the others assigned anew. */
export function removeMembers(
  group: ShareGroup,
  gone: readonly ShareMember[],
  why: string,
  decision: ShareDecision,
): void {
  if (gone.length === 0) return;
  const { groupId } = group;
  noteDeparture(decision, gone, why);
  for (const { memberId } of gone) {
    for (const record of memberTombstones(groupId, memberId)) decision.records.push(record);
    decision.timers.push({ name: 'session', memberId, afterMs: null });
  }
  const goneMembers = new Set(gone);
  const left = [...group.members.values()].filter((member) => !goneMembers.has(member));
  epochWithout(group, left, namesOf(left), shareRecords, decision);
}

function memberTombstones(groupId: string, memberId: string): ShareRecord[] {
  return [
    { type: 'shareCurrent', groupId, memberId, value: null },
    { type: 'shareTarget', groupId, memberId, value: null },
    { type: 'shareMember', groupId, memberId, value: null },
  ];
}

/** Of all that the group is. */
export function groupTombstones(group: ShareGroup): ShareRecord[] {
  const { groupId, members, targets } = group;
  return [
    ...[...new Set([...members.keys(), ...targets.keys()])].flatMap((memberId) => memberTombstones(groupId, memberId)),
    { type: 'shareTargetEpoch', groupId, value: null },
    { type: 'shareState', groupId, value: null },
    { type: 'shareEpoch', groupId, value: null },
  ];
}
