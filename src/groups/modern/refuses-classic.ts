/** What a kind of group answers to requests of the classic protocol that has no members which speak it. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { JoinResponse, LeaveResponse, SyncResponse } from '../classic/state.ts';
import { joinError, syncError } from '../classic/state.ts';
import type { GroupShard } from '../group-partition.ts';
import type { Group } from '../group.ts';
import type { LeaveRequest } from '../requests.ts';

export abstract class RefusesClassic {
  join(): JoinResponse {
    return joinError('', ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }

  sync(): SyncResponse {
    return syncError(ErrorCode.UNKNOWN_MEMBER_ID);
  }

  heartbeat(): number {
    return ErrorCode.UNKNOWN_MEMBER_ID;
  }

  leave(_shard: GroupShard, _group: Group, { members }: LeaveRequest): LeaveResponse {
    const left = members.map(({ memberId, groupInstanceId }) => {
      return { memberId, groupInstanceId, errorCode: ErrorCode.UNKNOWN_MEMBER_ID };
    });
    return { errorCode: ErrorCode.NONE, members: left };
  }

  /** Only heartbeats keep a member in its group. */
  offsetsCommitted(): void {}

  /** No group comes to be of this kind with its members. */
  adopt(): void {}
}
