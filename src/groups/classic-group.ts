/** The classic group protocol as a machine: one event in, what the shell must do out. */
import { ErrorCode } from '../../protocol/errors.ts';
import { join } from './classic-join.ts';
import type { LeaveEvent } from './classic-leave.ts';
import { connectionClosed, leave, sessionTimerFired } from './classic-leave.ts';
import type { ClassicGroup, ClassicLimits, Effect, Stored, Turn } from './classic-state.ts';
import { answerJoin, answerSync, enter, joinError, startSession, syncError } from './classic-state.ts';
import type { HeartbeatEvent, SyncEvent } from './classic-sync.ts';
import { assignmentStored, heartbeat, sync, syncTimerFired } from './classic-sync.ts';
import type { JoinEvent } from './join-event.ts';
import { joinTimerFired, prepareRebalance } from './rebalance.ts';
import { staticMemberStored } from './static-members.ts';

export type Event =
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
  /** This broker has read the group from the log and speaks for it now. */
  | { readonly type: 'loaded'; readonly nowMs: number }
  /** It was a consumer group a moment ago: its members are to assign for themselves now (KIP-848). */
  | { readonly type: 'downgraded'; readonly nowMs: number; readonly reason: string }
  /** The group is gone, or another broker speaks for it: whoever waits is told `errorCode`. */
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
 *            └──► Dead ◄── any state: deleted, expired, or this broker speaks for it no longer
 *
 * The only way a group changes: no I/O and no clock in here. Timers that were started and are no longer wanted may
 * still fire; they do nothing then.
 */
export function step(group: ClassicGroup, event: Event, limits: ClassicLimits): Effect[] {
  const turn: Turn = { nowMs: event.nowMs, limits, effects: [] };
  switch (event.type) {
    case 'heartbeat':
      heartbeat(group, event, turn);
      break;
    case 'join':
      join(group, event, turn);
      break;
    case 'sync':
      sync(group, event, turn);
      break;
    case 'leave':
      leave(group, event, turn);
      break;
    case 'joinTimer':
      joinTimerFired(group, turn);
      break;
    case 'syncTimer':
      syncTimerFired(group, turn);
      break;
    case 'sessionTimer':
      sessionTimerFired(group, event.memberId, turn);
      break;
    case 'stored':
      stored(group, event.stored, event.errorCode, turn);
      break;
    case 'committed':
      committed(group, event.memberId, turn);
      break;
    case 'connectionClosed':
      connectionClosed(group, event.connectionId, turn);
      break;
    case 'loaded':
      loaded(group, turn);
      break;
    case 'downgraded':
      loaded(group, turn);
      if (group.state === 'Stable') prepareRebalance(group, turn, event.reason);
      break;
    case 'unloaded':
      unloaded(group, event.errorCode, turn);
      break;
  }
  return turn.effects;
}

function stored(group: ClassicGroup, what: Stored, errorCode: number, turn: Turn): void {
  if (what.what === 'assignment') return assignmentStored(group, what, errorCode, turn);
  if (what.what === 'staticMember') return staticMemberStored(group, what, errorCode, turn);
  if (errorCode !== ErrorCode.NONE) {
    // Nothing is lost: the next record of this group tells all of it again.
    turn.effects.push({ type: 'log', event: 'group.not-stored', reason: `error ${errorCode}` });
  }
}

function committed(group: ClassicGroup, memberId: string, turn: Turn): void {
  const member = group.members.get(memberId);
  if (member !== undefined && !member.isNew) startSession(member, turn);
}

/** The members may have been alive all along: each gets a whole session to show it. */
function loaded(group: ClassicGroup, turn: Turn): void {
  for (const member of group.members.values()) startSession(member, turn);
  if (group.members.size > turn.limits.maxSize) {
    prepareRebalance(group, turn, 'the group is larger than group.max.size');
  }
}

function unloaded(group: ClassicGroup, errorCode: number, turn: Turn): void {
  for (const member of group.members.values()) {
    answerJoin(member, joinError(member.memberId, errorCode), turn);
    answerSync(member, syncError(errorCode), turn);
    turn.effects.push({ type: 'cancelTimer', timer: 'session', memberId: member.memberId });
  }
  for (const memberId of group.pendingMembers.keys()) {
    turn.effects.push({ type: 'cancelTimer', timer: 'session', memberId });
  }
  turn.effects.push(
    { type: 'cancelTimer', timer: 'join', memberId: '' },
    { type: 'cancelTimer', timer: 'sync', memberId: '' },
  );
  enter(group, 'Dead', turn.nowMs);
}
