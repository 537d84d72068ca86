/** OAUTHBEARER (RFC 7628): its messages, for whoever speaks either side. */
import { saslName } from './scram.ts';

/** What the client answers to a challenge that tells why its token was refused. */
export const ACKNOWLEDGED = Buffer.from([1]);

export interface ClientInitial {
  readonly authorizationId: string;
  readonly token: string;
}

const NAME = '(?:[\\x01-\\x2B\\x2D-\\x3C\\x3E-\\x7F]|=2C|=3D)+';
const INITIAL = new RegExp(`^n,(?:a=(${NAME}))?,\\x01((?:[A-Za-z]+=[\\x21-\\x7E \\t\\r\\n]+\\x01)*)\\x01$`);
const AUTH = /^(\w+) +([-_.a-zA-Z0-9]+)$/;

export function writeClientInitial(
  token: string,
  extensions: Readonly<Record<string, string>> = {},
  user = '',
): Buffer {
  const pairs = Object.entries(extensions).map(([key, value]) => `${key}=${value}\x01`);
  const authorization = user === '' ? '' : `a=${saslName(user)}`;
  return Buffer.from(`n,${authorization},\x01auth=Bearer ${token}\x01${pairs.join('')}\x01`);
}

/** Null where it is none. */
export function readClientInitial(message: string): ClientInitial | null {
  const found = INITIAL.exec(message);
  if (found === null) return null;
  const auth = found[2]
    .split('\x01')
    .find((pair) => pair.startsWith('auth='))
    ?.slice('auth='.length);
  const [, scheme, token] = (auth === undefined ? null : AUTH.exec(auth)) ?? [];
  if (scheme?.toLowerCase() !== 'bearer') return null;
  return { authorizationId: (found[1] ?? '').replaceAll('=2C', ',').replaceAll('=3D', '='), token };
}
