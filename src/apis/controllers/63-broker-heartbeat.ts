/** A broker says that it is alive, how far it has read the metadata log, and whether it wants to stop (KIP-631). */
import { BrokerHeartbeat } from '../../../protocol/apis/63-broker-heartbeat.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ActiveParts } from './controller-parts.ts';
import { handler } from '../handler.ts';
import { clusterAction } from '../../security/needs.ts';

export const brokerHeartbeat = handler(BrokerHeartbeat, {
  needs: () => clusterAction,
  handle: async (request, { connectionId }, { active }: Pick<ActiveParts, 'active'>) => {
    const reply = await active.sessions.heartbeat(request, connectionId, request.offlineLogDirs);
    return reply === null ? failed(ErrorCode.STALE_BROKER_EPOCH) : { errorCode: ErrorCode.NONE, ...reply };
  },
  refuse: (_request, errorCode) => failed(errorCode),
});

function failed(errorCode: number) {
  return { errorCode, shouldShutDown: false };
}
