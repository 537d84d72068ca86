/** What JoinGroup tells of a member, and how a member takes it over. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClassicMember, MemberProtocol, ClassicDecision } from './state.ts';
import { answerJoin, joinError } from './state.ts';

export interface JoinEvent {
  readonly type: 'join';
  readonly nowMs: number;
  /** The call to answer. */
  readonly to: number;
  /** '' for a member that joins for the first time. */
  readonly memberId: string;
  /** The id that a member gets which joins for the first time. */
  readonly newMemberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly connectionId: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  /** The client's word why it joins (KIP-800). */
  readonly reason: string | null;
  /** Give a dynamic member an id first and let it in when it comes back with it (KIP-394, JoinGroup v4). */
  readonly requireKnownMemberId: boolean;
  /** The client understands SkipAssignment (KIP-814, JoinGroup v9). */
  readonly supportSkippingAssignment: boolean;
}

/** Takes over what the member says of itself now, and lets this call wait. */
export function updateMember(member: ClassicMember, event: JoinEvent, decision: ClassicDecision): void {
  // Kafka never answers the call that a repeated one replaces; its connection would hang here.
  answerJoin(member, joinError(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS), decision);
  member.protocols = event.protocols;
  member.rebalanceTimeoutMs = event.rebalanceTimeoutMs;
  member.sessionTimeoutMs = event.sessionTimeoutMs;
  member.connectionId = event.connectionId;
  member.joining = event.to;
}

export function sameProtocols(a: readonly MemberProtocol[], b: readonly MemberProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every((protocol, i) => protocol.name === b[i].name && Buffer.compare(protocol.metadata, b[i].metadata) === 0)
  );
}

export function clientReason(event: JoinEvent): string {
  return event.reason === null || event.reason === '' ? '' : `: ${event.reason}`;
}
