/** How members go from a streams group: they leave, are silent for too long, or do not give tasks up. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { noteDeparture } from '../modern/decision.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { unknownMember } from '../modern/refusal.ts';
import type { StreamsDecision } from './decision.ts';
import { epochWithoutMembers } from './epochs.ts';
import type { StreamsRecord } from './records.ts';
import type { StreamsHeartbeat, StreamsHeartbeatResponse } from './request.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { LEAVE_STATIC_EPOCH } from './state.ts';
import { checkInstance } from './subscribe.ts';
import { OWNS_NO_TASKS } from './tasks.ts';

export function leave(
  group: StreamsGroup,
  { memberId, memberEpoch, instanceId }: StreamsHeartbeat,
  decision: StreamsDecision,
): StreamsHeartbeatResponse | GroupRefusal {
  const id = instanceId === null ? memberId : group.staticMembers.get(instanceId);
  const member = id === undefined ? undefined : group.members.get(id);
  if (member === undefined) return unknownMember(memberId);
  const fenced = instanceId === null ? null : checkInstance(member, memberId);
  if (fenced !== null) return fenced;
  if (memberEpoch === LEAVE_STATIC_EPOCH) leaveTemporarily(group, member, decision);
  else removeMembers(group, [member], 'it left the group', decision);
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch,
    heartbeatIntervalMs: 0,
    taskOffsetIntervalMs: 0,
    acceptableRecoveryLag: -1,
    status: [],
    tasks: null,
    endpointInformationEpoch: 0,
    partitionsByUserEndpoint: null,
    missingTopics: [],
  };
}

/** The static member keeps its place until its session ends; the tasks it was giving up are free. */
function leaveTemporarily({ groupId }: StreamsGroup, member: StreamsMember, decision: StreamsDecision): void {
  const { memberId } = member;
  const value = { ...member, memberEpoch: LEAVE_STATIC_EPOCH, pendingRevocation: OWNS_NO_TASKS };
  decision.records.push({ type: 'streamsCurrent', groupId, memberId, value });
  decision.timers.push({ name: 'rebalance', memberId, afterMs: null });
}

/** Takes members out, and has the others assigned anew. */
export function removeMembers(
  group: StreamsGroup,
  gone: readonly StreamsMember[],
  why: string,
  decision: StreamsDecision,
): void {
  if (gone.length === 0) return;
  noteDeparture(decision, gone, why);
  for (const { memberId } of gone) {
    for (const record of memberTombstones(group.groupId, memberId)) decision.records.push(record);
    for (const name of ['session', 'rebalance'] as const) decision.timers.push({ name, memberId, afterMs: null });
  }
  decision.endpointsChanged = gone.some(({ userEndpoint }) => userEndpoint !== null);
  epochWithoutMembers(group, group.members.size - gone.length, decision);
}

export function memberTombstones(groupId: string, memberId: string): StreamsRecord[] {
  return [
    { type: 'streamsCurrent', groupId, memberId, value: null },
    { type: 'streamsTarget', groupId, memberId, value: null },
    { type: 'streamsMember', groupId, memberId, value: null },
  ];
}

/** Of all that the group is but its offsets. */
export function groupTombstones({ groupId, members, targets }: StreamsGroup): StreamsRecord[] {
  return [
    ...[...new Set([...members.keys(), ...targets.keys()])].flatMap((memberId) => memberTombstones(groupId, memberId)),
    { type: 'streamsTargetEpoch', groupId, value: null },
    { type: 'streamsTopology', groupId, value: null },
    { type: 'streamsEpoch', groupId, value: null },
  ];
}
