/** How several brokers of a test sign in at one another, where their clients do: on a listener that no client is told of. */
import { plainClient, type SaslClient } from '../../protocol/sasl/client.ts';
import { plainUsers, plainUsersKey } from '../credentials/plain-users.ts';
import { randomUuid, systemRandom } from '../platform/random.ts';

const PEERS = 'PEERS';
export const PEER_LISTENER = `${PEERS}://127.0.0.1:0`;
const USER = 'a broker of the test';

export class PeerLogins {
  readonly #password = randomUuid(systemRandom);

  /** Who a broker is at the others. */
  login(): SaslClient {
    return plainClient(USER, this.#password);
  }

  /** `protocol` is that of the clients' listener. */
  settings(protocol: string, superUsers: readonly string[]): Record<string, string> {
    return {
      'listener.security.protocol.map': `${protocol}:${protocol},${PEERS}:SASL_PLAINTEXT`,
      'inter.broker.listener.name': PEERS,
      [`listener.name.${PEERS.toLowerCase()}.sasl.enabled.mechanisms`]: 'PLAIN',
      [plainUsersKey(PEERS)]: plainUsers(new Map([[USER, this.#password]])),
      'super.users': [...superUsers, `User:${USER}`].join(';'),
    };
  }
}
