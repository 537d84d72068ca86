/** Shows the mechanisms and iterations of users' SCRAM credentials, never their secrets (KIP-554). */
import { DescribeUserScramCredentials } from '../../protocol/apis/50-describe-user-scram-credentials.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { ScramCredential } from '../cluster/image.ts';
import type { Parts } from './broker-parts.ts';
import { countInPieces, eachInPieces, mapInPieces, type Pieces } from '../platform/pieces.ts';
import { handler } from './handler.ts';
import { describe } from '../security/needs.ts';

export const describeUserScramCredentials = handler(DescribeUserScramCredentials, {
  needs: () => describe.cluster(),
  *handle({ users }, _context, { metadata }: Parts<'metadata'>) {
    const byUser = yield* credentialsByUser(metadata.image.scramCredentials.values());
    const asked = yield* countInPieces(users ?? [], ({ name }) => name);
    const wanted = asked.size === 0 ? byUser.keys() : asked.keys();
    const results = yield* mapInPieces(wanted, (user) => {
      const found = byUser.get(user);
      if ((asked.get(user) ?? 0) > 1) {
        const errorMessage = `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`;
        return { user, errorCode: ErrorCode.DUPLICATE_RESOURCE, errorMessage, credentialInfos: [] };
      }
      if (found === undefined) {
        const errorMessage = `Attempt to describe a user credential that does not exist: ${user}`;
        return { user, errorCode: ErrorCode.RESOURCE_NOT_FOUND, errorMessage, credentialInfos: [] };
      }
      const credentialInfos = found.map(({ mechanism, iterations }) => ({ mechanism, iterations }));
      return { user, errorCode: ErrorCode.NONE, errorMessage: '', credentialInfos };
    });
    return { errorCode: ErrorCode.NONE, errorMessage: '', results };
  },
  refuse: ({ users }, errorCode) => ({
    errorCode,
    errorMessage: null,
    // As Kafka has it, without the names.
    results: (users ?? []).map(() => ({ user: '', errorCode, errorMessage: null, credentialInfos: [] })),
  }),
});

function* credentialsByUser(credentials: Iterable<ScramCredential>): Pieces<Map<string, ScramCredential[]>> {
  const byUser = new Map<string, ScramCredential[]>();
  yield* eachInPieces(credentials, (credential) => {
    const others = byUser.get(credential.name);
    if (others === undefined) byUser.set(credential.name, [credential]);
    else others.push(credential);
  });
  return byUser;
}
