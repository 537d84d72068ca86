/** The join phase of a classic group: how it begins, what ends it, and what its end tells the members. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ClassicGroup, ClassicMember, Turn } from './classic-state.ts';
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
} from './classic-state.ts';
import { selectProtocol, subscribedTopics } from './protocol-vote.ts';

/** After a member joined, changed or went: a new join phase, or the end of the one under way. */
export function rebalance(group: ClassicGroup, turn: Turn, reason: string): void {
  if (group.state === 'PreparingRebalance') endJoinPhaseIfAllJoined(group, turn);
  else if (group.state !== 'Dead') prepareRebalance(group, turn, reason);
}

export function prepareRebalance(group: ClassicGroup, turn: Turn, reason: string): void {
  turn.effects.push({ type: 'log', event: 'group.rebalance', reason });
  if (group.state === 'CompletingRebalance') refuseSyncs(group, turn, ErrorCode.REBALANCE_IN_PROGRESS);
  cancelPendingSync(group, turn);
  const first = group.state === 'Empty';
  enter(group, 'PreparingRebalance', turn.nowMs);
  if (first) return startInitialDelay(group, turn);
  if (everyMemberJoined(group)) endJoinPhase(group, turn);
  else startJoinTimer(turn, rebalanceTimeoutMs(group));
}

/** Members of an empty group rarely come alone: wait a little, so that one rebalance serves them all (KIP-134). */
function startInitialDelay(group: ClassicGroup, turn: Turn): void {
  const delayMs = turn.limits.initialRebalanceDelayMs;
  group.newMemberAdded = false;
  group.initialDelay = { delayMs, remainingMs: Math.max(rebalanceTimeoutMs(group) - delayMs, 0) };
  startJoinTimer(turn, delayMs);
}

/** The join timer fired: the initial delay goes on while members keep coming; otherwise the phase ends. */
export function joinTimerFired(group: ClassicGroup, turn: Turn): void {
  if (group.state !== 'PreparingRebalance') return;
  const delay = group.initialDelay;
  if (delay !== null && group.newMemberAdded && delay.remainingMs > 0) {
    const delayMs = Math.min(turn.limits.initialRebalanceDelayMs, delay.remainingMs);
    group.newMemberAdded = false;
    group.initialDelay = { delayMs, remainingMs: Math.max(delay.remainingMs - delay.delayMs, 0) };
    return startJoinTimer(turn, delayMs);
  }
  endJoinPhase(group, turn);
}

/** Not while the initial delay runs: only its timer ends that one. */
export function endJoinPhaseIfAllJoined(group: ClassicGroup, turn: Turn): void {
  if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return;
  if (everyMemberJoined(group)) endJoinPhase(group, turn);
}

function endJoinPhase(group: ClassicGroup, turn: Turn): void {
  turn.effects.push({ type: 'cancelTimer', timer: 'join', memberId: '' });
  group.initialDelay = null;
  for (const member of group.members.values()) {
    // A static member may be away for its whole session without losing its place (KIP-345).
    if (member.joining === null && member.groupInstanceId === null) removeMember(group, member.memberId, turn);
  }
  if (group.members.size > 0 && !electLeader(group)) {
    // Only absent static members are left: let their sessions decide.
    return startJoinTimer(turn, rebalanceTimeoutMs(group));
  }
  group.generationId++;
  group.pendingSync.clear();
  if (group.members.size === 0) endEmpty(group, turn);
  else tellGeneration(group, turn);
}

/** True if the leader is one that waits for its answer, after a change if need be. */
function electLeader(group: ClassicGroup): boolean {
  if (group.leader !== null && waitsForJoin(group.members.get(group.leader))) return true;
  for (const member of group.members.values()) {
    if (!waitsForJoin(member)) continue;
    group.leader = member.memberId;
    return true;
  }
  return false;
}

function waitsForJoin(member: ClassicMember | undefined): boolean {
  return member !== undefined && member.joining !== null;
}

function endEmpty(group: ClassicGroup, turn: Turn): void {
  group.protocolName = null;
  group.subscribedTopics = new Set();
  enter(group, 'Empty', turn.nowMs);
  turn.effects.push({ type: 'append', metadata: groupMetadata(group), onceStored: { what: 'group' } });
}

function tellGeneration(group: ClassicGroup, turn: Turn): void {
  group.protocolName = selectProtocol(group);
  group.subscribedTopics = subscribedTopics(group);
  enter(group, 'CompletingRebalance', turn.nowMs);
  for (const member of group.members.values()) {
    answerJoin(member, joinResponse(group, member.memberId, member.memberId === group.leader), turn);
    startSession(member, turn);
    member.isNew = false;
    group.pendingSync.add(member.memberId);
  }
  turn.effects.push({ type: 'startTimer', timer: 'sync', memberId: '', afterMs: rebalanceTimeoutMs(group) });
}

/** Whoever waits for an assignment is told why there will be none. */
export function refuseSyncs(group: ClassicGroup, turn: Turn, errorCode: number): void {
  for (const member of group.members.values()) {
    member.assignment = NO_BYTES;
    if (answerSync(member, syncError(errorCode), turn)) startSession(member, turn);
  }
}

export function cancelPendingSync(group: ClassicGroup, turn: Turn): void {
  group.pendingSync.clear();
  turn.effects.push({ type: 'cancelTimer', timer: 'sync', memberId: '' });
}

function startJoinTimer(turn: Turn, afterMs: number): void {
  turn.effects.push({ type: 'startTimer', timer: 'join', memberId: '', afterMs });
}
