/** Joins, stays in and leaves a share group (KIP-932). */
import { ShareGroupHeartbeat } from '../../protocol/apis/76-share-group-heartbeat.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen } from '../coordination/answers.ts';
import { checkShareHeartbeat } from '../groups/share/request.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { speaksShareProtocol } from './group-protocols.ts';
import { describe, read } from '../security/needs.ts';

export const shareGroupHeartbeat = handler(ShareGroupHeartbeat, {
  needs: ({ groupId, subscribedTopicNames }, _context, broker: Parts<'metadata' | 'groups'>) =>
    speaksShareProtocol(broker)
      ? [read.group(groupId), ...(subscribedTopicNames ?? []).map((name) => describe.topic(name))]
      : null,
  handle: (request, { session, connectionId, clientId }, broker: Parts<'metadata' | 'groups'>) => {
    if (!speaksShareProtocol(broker)) return refusal(ErrorCode.UNSUPPORTED_VERSION, null);
    const { groupId } = request;
    // Tools show it as Java prints an address without a host name.
    const told = { ...request, clientId: clientId ?? '', clientHost: `/${session.clientHost}` };
    const fault = checkShareHeartbeat(groupId, told);
    if (fault !== null) return refusal(fault.errorCode, fault.errorMessage);
    return andThen(broker.groups.share.heartbeat(groupId, told, connectionId), (answer) =>
      'memberEpoch' in answer ? answer : refusal(answer.errorCode, answer.errorMessage),
    );
  },
  refuse: (_request, errorCode) => refusal(errorCode, null),
});

function refusal(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
}
