/** Tokens of a test, as an authority would sign them. */
import { sign, type KeyObject } from 'node:crypto';
import { milliseconds } from './duration.ts';
import type { TokenOptions } from './security-options.ts';

export const ISSUER = 'https://ottla.test';
export const AUDIENCE = 'kafka';
/** By which the broker's key set names the key. */
export const KEY_ID = 'test';
const HOUR_MS = 3_600_000;

export interface Signing {
  /** On the curve P-256. */
  readonly key: KeyObject;
  /** Milliseconds since 1970, by the broker's clock. */
  readonly now: number;
}

export function signedToken(user: string, { scope, expiresIn }: TokenOptions, { key, now }: Signing): string {
  const lifetimeMs = expiresIn === undefined ? HOUR_MS : milliseconds(expiresIn);
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: user,
    iat: seconds(now),
    exp: seconds(now + lifetimeMs),
    ...(scope === undefined ? {} : { scope }),
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'ES256', kid: KEY_ID, typ: 'JWT' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
