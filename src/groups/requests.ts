/** What the coordinator's callers hand in, named as in the newest version of the requests. */
import type { LeaveEvent } from './classic/leave.ts';
import type { MemberProtocol } from './classic/state.ts';
import type { HeartbeatEvent, SyncEvent } from './classic/sync.ts';

/** The connection a request came through. */
export interface Origin {
  readonly clientId: string;
  readonly clientHost: string;
  readonly connectionId: number;
  /** Absent: it may know all topics. */
  readonly mayDescribe?: MayDescribe | undefined;
}

/** Whether a client may know of a topic. Topics that a regular expression fits are narrowed to those (KIP-848). */
export type MayDescribe = (topic: string) => boolean;

export interface JoinRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  readonly reason: string | null;
}

export interface JoinAbilities {
  /** From JoinGroup v4 on (KIP-394). */
  readonly requireKnownMemberId: boolean;
  /** From JoinGroup v9 on (KIP-814). */
  readonly supportSkippingAssignment: boolean;
}

/** JoinGroup with all that is known of who sends it. */
export type JoinCall = JoinRequest &
  Origin &
  JoinAbilities & {
    /** The id for a member that comes without one; '' where it has one. */
    readonly newMemberId: string;
  };

export type SyncRequest = Omit<SyncEvent, 'type' | 'nowMs' | 'to'> & { readonly groupId: string };
export type HeartbeatRequest = Omit<HeartbeatEvent, 'type' | 'nowMs'> & { readonly groupId: string };
export type LeaveRequest = Omit<LeaveEvent, 'type' | 'nowMs'> & { readonly groupId: string };
