/** Removes members from a classic group. */
import { LeaveGroup } from '../../protocol/apis/13-leave-group.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { read } from '../security/needs.ts';

export const leaveGroup = handler(LeaveGroup, {
  needs: ({ groupId }) => read.group(groupId),
  handle: ({ groupId, memberId, members }, { apiVersion }, { groups }: Parts<'groups'>) => {
    if (apiVersion >= 3) return groups.leave({ groupId, members });
    // Before v3 a request names one member, and its error is that of the whole response.
    const left = groups.leave({ groupId, members: [{ memberId, groupInstanceId: null, reason: null }] });
    return andThen(left, ({ errorCode, members: [member] }) => ({
      errorCode: errorCode || member.errorCode,
      members: [],
    }));
  },
  refuse: (_request, errorCode) => ({ errorCode, members: [] }),
});
