/** Signs in a person with a name and a password, by the mechanisms that a listener offers to its clients: for the broker's page. */
import { plainClient, SaslError, type SaslClient } from '../../../protocol/sasl/client.ts';
import { isScram } from '../../../protocol/sasl/scram.ts';
import { ScramClient } from '../../../protocol/sasl/scram-client.ts';
import type { Random } from '../../platform/random.ts';
import { USER } from '../principal.ts';
import { sessionOf, type Session } from '../session.ts';
import type { SaslListener } from './exchange.ts';
import { knowsPasswords } from './settings.ts';
import { SaslFault, SaslRefused, type Authenticated, type SaslMechanism } from './mechanism.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

const NONCE_BYTES = 24;
const LONGEST = 1024;

/** Null where no mechanism knows this user by this password; that is logged, and told as late as to any client. */
export async function signInByPassword(
  listener: SaslListener,
  before: Session,
  login: Login,
  random: Random,
): Promise<Session | null> {
  for (const mechanism of listener.mechanisms().values()) {
    if (!knowsPasswords(mechanism.name)) continue;
    const done = isSpellable(login) ? await exchange(mechanism, login, random) : null;
    if (done === null) continue;
    const { clock } = listener;
    const mostMs = listener.maxReauthMs(mechanism.name);
    const expiresAtMs = mostMs > 0 ? clock.now() + mostMs : null;
    const principal = { type: USER, name: done.user, tokenAuthenticated: done.tokenAuthenticated };
    return sessionOf({ ...before, principal, mechanism: mechanism.name, expiresAtMs });
  }
  listener.failures.failed({
    from: before.clientHost,
    listener: before.listenerName,
    mechanism: null,
    user: login.user,
    software: 'ottla-page',
    reason: 'no mechanism of the listener knows this user by this password',
  });
  if (listener.failureDelayMs > 0) {
    await new Promise<void>((resolve) => void listener.clock.after(listener.failureDelayMs, resolve));
  }
  return null;
}

/** PLAIN tells its parts apart by zeros. */
function isSpellable({ user, password }: Login): boolean {
  return [user, password].every((text) => text !== '' && text.length <= LONGEST && !text.includes('\0'));
}

async function exchange(mechanism: SaslMechanism, login: Login, random: Random): Promise<Authenticated | null> {
  const client = clientOf(mechanism.name, login, random);
  const server = mechanism.begin();
  try {
    let token: Buffer | null = client.first();
    while (token !== null) {
      const { challenge, done } = await server.next(token);
      if (done !== null) return done;
      token = client.next(challenge);
    }
    return null;
  } catch (error) {
    if (error instanceof SaslRefused || error instanceof SaslFault || error instanceof SaslError) return null;
    throw error;
  }
}

function clientOf(mechanism: string, login: Login, random: Random): SaslClient {
  if (!isScram(mechanism)) return plainClient(login.user, login.password);
  const nonce = Buffer.alloc(NONCE_BYTES);
  random.fill(nonce);
  return new ScramClient(mechanism, login, nonce.toString('base64url'));
}
