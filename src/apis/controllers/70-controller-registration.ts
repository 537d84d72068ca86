/** Another process that may become the active controller makes itself known, so that brokers and tools see it (KIP-919). */
import { ControllerRegistration } from '../../../protocol/apis/70-controller-registration.ts';
import { ErrorCode, errorMessageOrNull } from '../../../protocol/errors.ts';
import type { Parts } from '../broker-parts.ts';
import { handler } from '../handler.ts';
import { clusterAction } from '../../security/needs.ts';

export const controllerRegistration = handler(ControllerRegistration, {
  needs: () => clusterAction,
  handle: async ({ controllerId: id, incarnationId, listeners }, _context, { controller }: Parts<'controller'>) => {
    await controller.registerController({ id, incarnationId, listeners });
    return { errorCode: ErrorCode.NONE, errorMessage: null };
  },
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessageOrNull(errorCode) }),
});
