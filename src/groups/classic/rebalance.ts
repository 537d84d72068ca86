/** The join phase of a classic group: how it begins, what ends it, and what its end tells the members. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClassicGroup, ClassicMember, ClassicDecision } from './state.ts';
import {
  answerJoin,
  answerSync,
  enter,
  everyMemberJoined,
  groupMetadata,
  joinResponse,
  NO_BYTES,
  rebalanceTimeoutMs,
  removeMember,
  startSession,
  syncError,
} from './state.ts';
import { selectProtocol, subscribedTopics } from './protocol-vote.ts';

/** After a member joined, changed or went: a new join phase, or the end of the one under way. */
export function rebalance(group: ClassicGroup, decision: ClassicDecision, reason: string): void {
  if (group.state === 'PreparingRebalance') endJoinPhaseIfAllJoined(group, decision);
  else if (group.state !== 'Dead') prepareRebalance(group, decision, reason);
}

export function prepareRebalance(group: ClassicGroup, decision: ClassicDecision, reason: string): void {
  decision.effects.push({ type: 'log', event: 'group.rebalance', reason });
  if (group.state === 'CompletingRebalance') refuseSyncs(group, decision, ErrorCode.REBALANCE_IN_PROGRESS);
  cancelPendingSync(group, decision);
  const first = group.state === 'Empty';
  enter(group, 'PreparingRebalance', decision.nowMs);
  if (first) return startInitialDelay(group, decision);
  if (everyMemberJoined(group)) endJoinPhase(group, decision);
  else startJoinTimer(decision, rebalanceTimeoutMs(group));
}

/** Members of an empty group rarely come alone: wait a little, so that one rebalance serves them all (KIP-134). */
function startInitialDelay(group: ClassicGroup, decision: ClassicDecision): void {
  const delayMs = decision.limits.initialRebalanceDelayMs;
  group.newMemberAdded = false;
  group.initialDelay = { delayMs, remainingMs: Math.max(rebalanceTimeoutMs(group) - delayMs, 0) };
  startJoinTimer(decision, delayMs);
}

/** The join timer fired: the initial delay goes on while members keep coming; otherwise the phase ends. */
export function joinTimerFired(group: ClassicGroup, decision: ClassicDecision): void {
  if (group.state !== 'PreparingRebalance') return;
  const delay = group.initialDelay;
  if (delay !== null && group.newMemberAdded && delay.remainingMs > 0) {
    const delayMs = Math.min(decision.limits.initialRebalanceDelayMs, delay.remainingMs);
    group.newMemberAdded = false;
    group.initialDelay = { delayMs, remainingMs: Math.max(delay.remainingMs - delay.delayMs, 0) };
    return startJoinTimer(decision, delayMs);
  }
  endJoinPhase(group, decision);
}

/** The initial delay is ended by its timer alone. */
export function endJoinPhaseIfAllJoined(group: ClassicGroup, decision: ClassicDecision): void {
  if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return;
  if (everyMemberJoined(group)) endJoinPhase(group, decision);
}

function endJoinPhase(group: ClassicGroup, decision: ClassicDecision): void {
  decision.effects.push({ type: 'cancelTimer', timer: 'join', memberId: '' });
  group.initialDelay = null;
  for (const member of group.members.values()) {
    // A static member may be away for its whole session without losing its place (KIP-345).
    if (member.joining !== null || member.groupInstanceId !== null) continue;
    removeMember(group, member.memberId, decision, 'it did not join again in time (max.poll.interval.ms)');
  }
  if (group.members.size > 0 && !electLeader(group)) {
    // Only absent static members are left: let their sessions decide.
    return startJoinTimer(decision, rebalanceTimeoutMs(group));
  }
  group.generationId++;
  group.pendingSync.clear();
  if (group.members.size === 0) endEmpty(group, decision);
  else tellGeneration(group, decision);
}

/** Makes a member the leader that waits for its JoinGroup answer, where the leader does not; false where no member waits. */
function electLeader(group: ClassicGroup): boolean {
  if (group.leader !== null && waitsForJoin(group.members.get(group.leader))) return true;
  for (const member of group.members.values()) {
    if (!waitsForJoin(member)) continue;
    group.leader = member.memberId;
    return true;
  }
  return false;
}

/** Calls count up: the member that joined last has the highest. */
function lastJoined(group: ClassicGroup): string {
  let last: ClassicMember | null = null;
  for (const member of group.members.values()) {
    if ((member.joining ?? -1) > (last?.joining ?? -1)) last = member;
  }
  return last?.clientId ?? '';
}

function waitsForJoin(member: ClassicMember | undefined): boolean {
  return member !== undefined && member.joining !== null;
}

function endEmpty(group: ClassicGroup, decision: ClassicDecision): void {
  group.protocolName = null;
  group.subscribedTopics = new Set();
  enter(group, 'Empty', decision.nowMs);
  decision.effects.push({ type: 'entered', state: 'Empty', last: '' });
  decision.effects.push({ type: 'append', metadata: groupMetadata(group), onceStored: { what: 'group' } });
}

function tellGeneration(group: ClassicGroup, decision: ClassicDecision): void {
  group.protocolName = selectProtocol(group);
  group.subscribedTopics = subscribedTopics(group);
  enter(group, 'CompletingRebalance', decision.nowMs);
  decision.effects.push({ type: 'entered', state: 'CompletingRebalance', last: lastJoined(group) });
  for (const member of group.members.values()) {
    answerJoin(member, joinResponse(group, member.memberId, member.memberId === group.leader), decision);
    startSession(member, decision);
    member.isNew = false;
    group.pendingSync.add(member.memberId);
  }
  decision.effects.push({ type: 'startTimer', timer: 'sync', memberId: '', afterMs: rebalanceTimeoutMs(group) });
}

/** Members that wait for their assignment are told why they get none. */
export function refuseSyncs(group: ClassicGroup, decision: ClassicDecision, errorCode: number): void {
  for (const member of group.members.values()) {
    member.assignment = NO_BYTES;
    if (answerSync(member, syncError(errorCode), decision)) startSession(member, decision);
  }
}

export function cancelPendingSync(group: ClassicGroup, decision: ClassicDecision): void {
  group.pendingSync.clear();
  decision.effects.push({ type: 'cancelTimer', timer: 'sync', memberId: '' });
}

function startJoinTimer(decision: ClassicDecision, afterMs: number): void {
  decision.effects.push({ type: 'startTimer', timer: 'join', memberId: '', afterMs });
}
