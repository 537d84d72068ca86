/** The classic group protocol as a machine: one event in, what the shell must do out. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { join } from './join.ts';
import type { LeaveEvent } from './leave.ts';
import { connectionClosed, leave, sessionTimerFired } from './leave.ts';
import type { ClassicGroup, ClassicLimits, ClassicEffect, Stored, ClassicDecision } from './state.ts';
import { answerJoin, answerSync, enter, joinError, startSession, syncError } from './state.ts';
import type { HeartbeatEvent, SyncEvent } from './sync.ts';
import { assignmentStored, heartbeat, sync, syncTimerFired } from './sync.ts';
import type { JoinEvent } from './join-event.ts';
import { joinTimerFired, prepareRebalance } from './rebalance.ts';
import { staticMemberStored } from './static-members.ts';

export type ClassicEvent =
  | JoinEvent
  | SyncEvent
  | HeartbeatEvent
  | LeaveEvent
  | { readonly type: 'joinTimer'; readonly nowMs: number }
  | { readonly type: 'syncTimer'; readonly nowMs: number }
  | { readonly type: 'sessionTimer'; readonly nowMs: number; readonly memberId: string }
  /** What an 'append' effect asked for is done, or failed with the code that members are told. */
  | { readonly type: 'stored'; readonly nowMs: number; readonly stored: Stored; readonly errorCode: number }
  /** A member committed offsets, which is as good as a heartbeat. */
  | { readonly type: 'committed'; readonly nowMs: number; readonly memberId: string }
  | { readonly type: 'connectionClosed'; readonly nowMs: number; readonly connectionId: number }
  /** This broker has read the group from the log and coordinates it now. */
  | { readonly type: 'loaded'; readonly nowMs: number }
  /** It was a consumer group a moment ago: its members are to assign for themselves now (KIP-848). */
  | { readonly type: 'downgraded'; readonly nowMs: number; readonly reason: string }
  /** The group is gone, or another broker coordinates it: members that wait are told `errorCode`. */
  | { readonly type: 'unloaded'; readonly nowMs: number; readonly errorCode: number };

/**
 *                        first join
 *            ┌─────── Empty ◄──────────────────────────────┐
 *            │          ▲  │                               │ the join phase ended without members
 *            │          │  └──────────────┐                │
 *            │   (a record without        ▼                │
 *            │    members is read)   PreparingRebalance ───┘ ◄─────────────────┐
 *            │                            │                                    │ join of a new or changed member,
 *            │                            │ all have joined, or the            │ leave, session end, a member that
 *            │                            │ rebalance timeout is over          │ never syncs
 *            │                            ▼                                    │
 *            │                       CompletingRebalance ──────────────────────┤
 *            │                            │                                    │
 *            │                            │ the leader's assignment is stored  │
 *            │                            ▼                                    │
 *            │                         Stable ─────────────────────────────────┘
 *            │
 *            └──► Dead ◄── any state: deleted, expired, or this broker coordinates it no longer
 *
 * The only way a group changes: no I/O and no clock in here. Timers that were started and are no longer wanted may
 * still fire; they do nothing then.
 */
export function step(group: ClassicGroup, event: ClassicEvent, limits: ClassicLimits): ClassicEffect[] {
  const decision: ClassicDecision = { nowMs: event.nowMs, limits, effects: [] };
  switch (event.type) {
    case 'heartbeat':
      heartbeat(group, event, decision);
      break;
    case 'join':
      join(group, event, decision);
      break;
    case 'sync':
      sync(group, event, decision);
      break;
    case 'leave':
      leave(group, event, decision);
      break;
    case 'joinTimer':
      joinTimerFired(group, decision);
      break;
    case 'syncTimer':
      syncTimerFired(group, decision);
      break;
    case 'sessionTimer':
      sessionTimerFired(group, event.memberId, decision);
      break;
    case 'stored':
      stored(group, event.stored, event.errorCode, decision);
      break;
    case 'committed':
      committed(group, event.memberId, decision);
      break;
    case 'connectionClosed':
      connectionClosed(group, event.connectionId, decision);
      break;
    case 'loaded':
      loaded(group, decision);
      break;
    case 'downgraded':
      loaded(group, decision);
      if (group.state === 'Stable') prepareRebalance(group, decision, event.reason);
      break;
    case 'unloaded':
      unloaded(group, event.errorCode, decision);
      break;
  }
  return decision.effects;
}

function stored(group: ClassicGroup, what: Stored, errorCode: number, decision: ClassicDecision): void {
  if (what.what === 'assignment') return assignmentStored(group, what, errorCode, decision);
  if (what.what === 'staticMember') return staticMemberStored(group, what, errorCode, decision);
  if (errorCode !== ErrorCode.NONE) {
    // Nothing is lost: the next record of this group tells all of it again.
    decision.effects.push({ type: 'log', event: 'group.not-stored', reason: `error ${errorCode}` });
  }
}

function committed(group: ClassicGroup, memberId: string, decision: ClassicDecision): void {
  const member = group.members.get(memberId);
  if (member !== undefined && !member.isNew) startSession(member, decision);
}

/** The members may have been alive all along: each gets a whole session to show it. */
function loaded(group: ClassicGroup, decision: ClassicDecision): void {
  for (const member of group.members.values()) startSession(member, decision);
  if (group.members.size > decision.limits.maxSize) {
    prepareRebalance(group, decision, 'the group is larger than group.max.size');
  }
}

function unloaded(group: ClassicGroup, errorCode: number, decision: ClassicDecision): void {
  for (const member of group.members.values()) {
    answerJoin(member, joinError(member.memberId, errorCode), decision);
    answerSync(member, syncError(errorCode), decision);
    decision.effects.push({ type: 'cancelTimer', timer: 'session', memberId: member.memberId });
  }
  for (const memberId of group.pendingMembers.keys()) {
    decision.effects.push({ type: 'cancelTimer', timer: 'session', memberId });
  }
  decision.effects.push(
    { type: 'cancelTimer', timer: 'join', memberId: '' },
    { type: 'cancelTimer', timer: 'sync', memberId: '' },
  );
  enter(group, 'Dead', decision.nowMs);
}
