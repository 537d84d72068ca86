/** Signs a connection in with SASL, and says what went wrong in the words of the command line. */
import { SaslAuthenticate } from '../../../protocol/apis/36-sasl-authenticate.ts';
import type { Client } from '../../../protocol/client.ts';
import { oauthBearerClient, plainClient, SaslError, signIn, type SaslClient } from '../../../protocol/sasl/client.ts';
import { ScramClient } from '../../../protocol/sasl/scram-client.ts';
import { randomUuid, systemRandom } from '../../platform/random.ts';
import { CommandError } from '../usage.ts';
import { Refused } from './failure.ts';
import type { Credentials } from './security.ts';
import { chooseVersion, type BrokerVersions } from './versions.ts';

/** PLAIN has users of its own, those of the broker's settings. */
const SCRAM_ADVICE = '; a user that `ottla users` lists signs in with --sasl scram-sha-512';

/** Rejects where the broker does not offer the mechanism, or does not believe the password. */
export async function authenticate(client: Client, versions: BrokerVersions, credentials: Credentials): Promise<void> {
  try {
    await signIn(client, saslClient(credentials), chooseVersion(SaslAuthenticate, versions));
  } catch (error) {
    if (!(error instanceof SaslError)) throw error;
    if (error.errorCode === 0) throw new CommandError(error.message);
    const advice = 'isImplied' in credentials && credentials.isImplied === true ? SCRAM_ADVICE : '';
    const who = credentials.mechanism === 'OAUTHBEARER' ? 'with a token' : `as ${credentials.user}`;
    throw new Refused(`signing in ${who}`, error.errorCode, `${error.message}${advice}`);
  }
}

function saslClient(credentials: Credentials): SaslClient {
  if (credentials.mechanism === 'OAUTHBEARER') return oauthBearerClient(credentials.token);
  const { mechanism, user, password } = credentials;
  if (mechanism === 'PLAIN') return plainClient(user, password);
  return new ScramClient(mechanism, credentials, randomUuid(systemRandom));
}
