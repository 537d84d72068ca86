/** Adds a member to a classic group; the response waits until the join phase has ended. */
import { JoinGroup } from '../../protocol/apis/11-join-group.ts';
import { joinError } from '../groups/classic/state.ts';
import type { JoinResponse } from '../groups/classic/state.ts';
import type { Parts } from './broker-parts.ts';
import { mayDescribe } from './group-topics-shown.ts';
import { handler } from './handler.ts';
import { read } from '../security/needs.ts';

/** protocolName may be null. */
const NAMELESS_SINCE = 7;

export const joinGroup = handler(JoinGroup, {
  needs: ({ groupId }) => read.group(groupId),
  handle: (request, { session, access, connectionId, apiVersion, clientId }, { groups }: Parts<'groups'>) => {
    const { sessionTimeoutMs, rebalanceTimeoutMs } = request;
    const response = groups.join(
      // v0 has one timeout for session and rebalance.
      apiVersion === 0 || rebalanceTimeoutMs === -1 ? { ...request, rebalanceTimeoutMs: sessionTimeoutMs } : request,
      // Tools show it as Java prints an address without a host name.
      {
        clientId: clientId ?? '',
        clientHost: `/${session.clientHost}`,
        connectionId,
        mayDescribe: mayDescribe(access),
      },
      { requireKnownMemberId: apiVersion >= 4, supportSkippingAssignment: apiVersion >= 9 },
    );
    if (apiVersion >= NAMELESS_SINCE) return response;
    return response instanceof Promise ? response.then(withProtocolName) : withProtocolName(response);
  },
  refuse: (_request, errorCode, apiVersion = 0) =>
    apiVersion >= NAMELESS_SINCE ? joinError('', errorCode) : withProtocolName(joinError('', errorCode)),
});

/** Before v7 protocolName is not nullable. */
function withProtocolName(response: JoinResponse): JoinResponse {
  return { ...response, protocolName: response.protocolName ?? '' };
}
