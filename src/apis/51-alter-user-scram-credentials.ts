/** Sets and removes SCRAM credentials of users (KIP-554). */
import { AlterUserScramCredentials } from '../../protocol/apis/51-alter-user-scram-credentials.ts';
import { handler } from './handler.ts';

export const alterUserScramCredentials = handler(AlterUserScramCredentials, {
  handle: async ({ deletions, upsertions }, { broker }) => ({
    results: await broker.controller.alterScramCredentials(deletions, upsertions),
  }),
  refuse: ({ deletions, upsertions }, errorCode) => ({
    results: [...new Set([...deletions, ...upsertions].map(({ name }) => name))].map((user) => ({
      user,
      errorCode,
      errorMessage: null,
    })),
  }),
});
