/** Sets and removes the quotas of users, client ids and IP addresses (KIP-546). */
import { AlterClientQuotas } from '../../protocol/apis/49-alter-client-quotas.ts';
import { errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alterConfigs } from '../security/needs.ts';

export const alterClientQuotas = handler(AlterClientQuotas, {
  needs: () => alterConfigs.cluster(),
  forwarded: true,
  handle: async ({ entries, validateOnly }, _context, { controller }: Parts<'controller'>) => ({
    entries: await controller.alterClientQuotas(entries, { validateOnly }),
  }),
  refuse: ({ entries }, errorCode) => ({
    entries: entries.map(({ entity }) => ({ errorCode, errorMessage: errorMessage(errorCode), entity })),
  }),
});
