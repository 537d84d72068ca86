/** Changes the levels of features, which hold for the whole cluster (KIP-584). */
import { UpdateFeatures } from '../../protocol/apis/57-update-features.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

/** The last version with a result for each feature; its message is 'NONE' without an error. */
const TELLS_EACH = 1;

export const updateFeatures = handler(UpdateFeatures, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: async ({ featureUpdates, validateOnly }, { apiVersion }, broker: Parts<'controller'>) => {
    const result = await broker.controller.updateFeatures(featureUpdates, { validateOnly });
    const isDone = result.errorCode === ErrorCode.NONE && apiVersion <= TELLS_EACH;
    const results = isDone
      ? featureUpdates.map(({ feature }) => ({ feature, errorCode: ErrorCode.NONE, errorMessage: 'NONE' }))
      : [];
    return { ...result, results };
  },
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode) }),
});
