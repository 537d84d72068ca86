/** Removes the registration of a controller that was stopped for good. A broker alone has none but its own, and is running. */
import { UnregisterController } from '../../protocol/apis/94-unregister-controller.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

type Needs = Parts<'controller' | 'metadata' | 'nodeId'>;

/** metadata.version 4.4-IV2, the first whose log may hold an UnregisterControllerRecord. */
const UNREGISTERS_SINCE = 33;

export const unregisterController = handler(UnregisterController, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: async ({ controllerId }, _context, { controller, metadata, nodeId }: Needs) => {
    if ((metadata.image.features.get('metadata.version') ?? 0) < UNREGISTERS_SINCE) {
      return fail(ErrorCode.UNSUPPORTED_VERSION, 'Controllers are unregistered from metadata.version 4.4-IV2 on');
    }
    if (controllerId === nodeId) {
      return fail(
        ErrorCode.INVALID_REQUEST,
        `Controller ${controllerId} is this broker and it is running: it cannot be unregistered`,
      );
    }
    if (!metadata.image.controllers.has(controllerId)) {
      const message = `Controller ID ${controllerId} is not currently registered.`;
      return fail(ErrorCode.CONTROLLER_ID_NOT_REGISTERED, message);
    }
    await controller.unregisterController(controllerId);
    return fail(ErrorCode.NONE, null);
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

function fail(errorCode: number, message: string | null) {
  return { errorCode, errorMessage: message };
}
