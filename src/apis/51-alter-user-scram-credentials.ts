/** Sets and removes SCRAM credentials of users (KIP-554). */
import { AlterUserScramCredentials } from '../../protocol/apis/51-alter-user-scram-credentials.ts';
import { errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

export const alterUserScramCredentials = handler(AlterUserScramCredentials, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: async ({ deletions, upsertions }, _context, { controller }: Parts<'controller'>) => ({
    results: (await controller.alterScramCredentials(deletions, upsertions)).toSorted(byUser),
  }),
  refuse: ({ deletions, upsertions }, errorCode) => ({
    results: [...new Set([...deletions, ...upsertions].map(({ name }) => name))]
      .map((user) => ({ user, errorCode, errorMessage: errorMessage(errorCode) }))
      .toSorted(byUser),
  }),
});

function byUser(a: { readonly user: string }, b: { readonly user: string }): number {
  return a.user < b.user ? -1 : 1;
}
