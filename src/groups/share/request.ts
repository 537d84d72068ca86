/** What ShareGroupHeartbeat says and is answered, and what it must say whatever the group. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { TopicPartitions } from '../modern/assignment.ts';
import type { GroupRefusal } from '../modern/refusal.ts';

/** Named as in ShareGroupHeartbeatRequest; null: as in the last heartbeat. */
export interface ShareHeartbeat {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly rackId: string | null;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly clientId: string;
  readonly clientHost: string;
}

/** Named as in ShareGroupHeartbeatResponse. */
export interface ShareHeartbeatResponse {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as it was. */
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

export const JOIN_EPOCH = 0;
export const LEAVE_EPOCH = -1;
/** Java's limit: a UUID as text, which clients make their ids of. */
const MAX_MEMBER_ID_LENGTH = 36;

/** Null, or why the request is refused. */
export function checkShareHeartbeat(groupId: string, request: ShareHeartbeat): GroupRefusal | null {
  const errorMessage = faultOf(groupId, request);
  return errorMessage === null ? null : { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

function faultOf(
  groupId: string,
  { memberId, memberEpoch, rackId, subscribedTopicNames }: ShareHeartbeat,
): string | null {
  if (memberId.trim() === '') return 'MemberId must not be empty.';
  if (memberId.length > MAX_MEMBER_ID_LENGTH) return `MemberId must not be longer than ${MAX_MEMBER_ID_LENGTH}.`;
  if (groupId.trim() === '') return 'GroupId must not be empty.';
  if (rackId === '') return 'RackId must not be empty: leave it out where there are no racks.';
  if (memberEpoch < LEAVE_EPOCH) return `MemberEpoch ${memberEpoch} has no meaning.`;
  const joinsNothing = memberEpoch === JOIN_EPOCH && (subscribedTopicNames ?? []).length === 0;
  return joinsNothing ? 'SubscribedTopicNames must be told by a member that joins.' : null;
}
