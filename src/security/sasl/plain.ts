/** PLAIN (RFC 4616): a user and a password as they are. Says what Kafka's PlainSaslServer says. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../platform/random.ts';
import { NO_CHALLENGE, SaslRefused, type SaslMechanism, type SaslServer, type SaslStep } from './mechanism.ts';

const TOKENS = 3;
const KEY_BYTES = 32;

/** `passwordOf` is asked at each login; undefined: there is no such user. */
export function plainMechanism(passwordOf: (user: string) => string | undefined, random: Random): SaslMechanism {
  const key = Buffer.alloc(KEY_BYTES);
  random.fill(key);
  const nobody = Buffer.alloc(KEY_BYTES);
  random.fill(nobody);
  const digest = (password: string): Buffer => createHmac('sha256', key).update(password).digest();
  /** Takes as long for a user who is not there, and for a password of another length. */
  const isPassword = (user: string, password: string): boolean => {
    const expected = passwordOf(user);
    const wanted = digest(expected ?? password);
    return timingSafeEqual(digest(password), expected === undefined ? nobody : wanted);
  };
  return { name: 'PLAIN', begin: () => new PlainServer(isPassword) };
}

class PlainServer implements SaslServer {
  user: string | null = null;
  readonly #isPassword: (user: string, password: string) => boolean;

  constructor(isPassword: (user: string, password: string) => boolean) {
    this.#isPassword = isPassword;
  }

  next(token: Buffer): SaslStep {
    const tokens = tokensOf(token);
    const [authorizationId, user, password] = tokens;
    if (user === '') throw new SaslRefused('Authentication failed: username not specified');
    this.user = user;
    if (password === '') throw new SaslRefused('Authentication failed: password not specified');
    if (!this.#isPassword(user, password)) {
      throw new SaslRefused('Authentication failed: Invalid username or password');
    }
    if (authorizationId !== '' && authorizationId !== user) {
      throw new SaslRefused(
        'Authentication failed: Client requested an authorization id that is different from username',
      );
    }
    return { challenge: NO_CHALLENGE, done: { user, tokenAuthenticated: false, endsAtMs: null } };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Kafka counts no further than four. */
function tokensOf(token: Buffer): string[] {
  let text: string;
  try {
    text = utf8.decode(token);
  } catch {
    throw new SaslRefused('Authentication failed: Invalid username or password'); // no password is spelt like this
  }
  const tokens = text.split('\0', TOKENS + 1);
  if (tokens.length === TOKENS) return tokens;
  throw new SaslRefused(`Invalid SASL/PLAIN response: expected 3 tokens, got ${tokens.length}`);
}
