/** Extends a member's session in a classic group, and tells it when the group rebalances. */
import { Heartbeat } from '../../protocol/apis/12-heartbeat.ts';
import type { Parts } from './broker-parts.ts';
import { andThen } from '../coordination/answers.ts';
import { handler } from './handler.ts';
import { read } from '../security/needs.ts';

export const heartbeat = handler(Heartbeat, {
  needs: ({ groupId }) => read.group(groupId),
  handle: (request, _context, { groups }: Parts<'groups'>) =>
    andThen(groups.heartbeat(request), (errorCode) => ({ errorCode })),
  refuse: (_request, errorCode) => ({ errorCode }),
});
