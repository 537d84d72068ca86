/** Removes the registration of a broker that has been shut down for good. */
import { UnregisterBroker } from '../../protocol/apis/64-unregister-broker.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

export const unregisterBroker = handler(UnregisterBroker, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: async ({ brokerId }, _context, { controller, nodeId }: Parts<'nodeId' | 'controller'>) => {
    if (brokerId === nodeId) {
      return fail(
        ErrorCode.INVALID_REQUEST,
        `Broker ${brokerId} is this broker and it is running: stop it first, and ask another broker`,
      );
    }
    if (!controller.image.brokers.has(brokerId)) {
      return fail(ErrorCode.BROKER_ID_NOT_REGISTERED, `Broker ID ${brokerId} is not currently registered`);
    }
    await controller.unregister(brokerId);
    return fail(ErrorCode.NONE, null);
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

function fail(errorCode: number, message: string | null) {
  return { errorCode, errorMessage: message };
}
