/** A broker makes itself known to the active controller, which gives it its epoch (KIP-631). It is fenced until it has caught up. */
import { BrokerRegistration } from '../../../protocol/apis/62-broker-registration.ts';
import type { ActiveParts } from './controller-parts.ts';
import { handler } from '../handler.ts';
import { clusterAction } from '../../security/needs.ts';

export const brokerRegistration = handler(BrokerRegistration, {
  needs: () => clusterAction,
  handle: async (request, _context, { active, logger }: Pick<ActiveParts, 'active' | 'logger'>) => {
    const { brokerId: id, logDirs, ...rest } = request;
    const { errorCode, errorMessage, brokerEpoch } = await active.sessions.register({
      id,
      logDirectoryIds: logDirs,
      ...rest,
    });
    if (errorMessage !== null) logger.warn('registration-refused', { broker: id, reason: errorMessage });
    return { errorCode, brokerEpoch };
  },
  refuse: (_request, errorCode) => ({ errorCode, brokerEpoch: -1 }),
});
