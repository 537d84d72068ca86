/** Tokens without a signature, for development: whoever makes one is believed. Kafka's OAuthBearerUnsecuredValidatorCallbackHandler. */
import { InvalidToken, type TokenClaims, type TokenValidator } from './oauthbearer.ts';

export interface UnsecuredOptions {
  readonly principalClaim: string;
  readonly scopeClaim: string;
  readonly requiredScope: readonly string[];
  readonly allowableClockSkewMs: number;
}

const MS = 1000;

/** @throws {Error} for options that cannot be used, with the option's name */
export function unsecuredOptions(options: ReadonlyMap<string, string>): UnsecuredOptions {
  const skew = options.get('unsecuredValidatorAllowableClockSkewMs') ?? '0';
  if (!/^\d{1,9}$/.test(skew)) {
    throw new Error(`unsecuredValidatorAllowableClockSkewMs=${skew}: write milliseconds, in quotes`);
  }
  return {
    principalClaim: options.get('unsecuredValidatorPrincipalClaimName') || 'sub',
    scopeClaim: options.get('unsecuredValidatorScopeClaimName') || 'scope',
    requiredScope: (options.get('unsecuredValidatorRequiredScope') ?? '').split(' ').filter(Boolean),
    allowableClockSkewMs: Number(skew),
  };
}

export class UnsecuredTokens implements TokenValidator {
  readonly #options: UnsecuredOptions;
  readonly #now: () => number;

  constructor(options: UnsecuredOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  validate(token: string): TokenClaims {
    const { principalClaim, scopeClaim, requiredScope, allowableClockSkewMs: skew } = this.#options;
    const [header, claims] = partsOf(token);
    if (header.alg !== 'none')
      throw new InvalidToken('the token is signed, and the listener takes unsigned ones alone');
    const user = claims[principalClaim];
    if (typeof user !== 'string' || user === '') throw new InvalidToken(`the token has no ${principalClaim}`);
    const now = this.#now();
    const [issued, ends] = [timeOf(claims, 'iat'), timeOf(claims, 'exp')];
    if (issued !== null && issued > now + skew) throw new InvalidToken('the token is issued in the future');
    if (ends === null) throw new InvalidToken('the token has no exp');
    if (now - skew >= ends) throw new InvalidToken('the token has expired');
    if (issued !== null && ends <= issued) throw new InvalidToken('the token ends before it is issued');
    const scope = scopeOf(claims[scopeClaim]);
    for (const needed of requiredScope) {
      if (scope.includes(needed)) continue;
      throw new InvalidToken(
        `the token lacks the scope ${needed}`,
        'insufficient_scope',
        `[${requiredScope.join(', ')}]`,
      );
    }
    return { user, endsAtMs: ends };
  }
}

type Json = Readonly<Record<string, unknown>>;

function partsOf(token: string): [Json, Json] {
  const parts = token.split('.', 4);
  if (parts.length !== 3 || parts[2] !== '') throw new InvalidToken('the token is not an unsigned JWT');
  return [jsonOf(parts[0]), jsonOf(parts[1])];
}

function jsonOf(part: string): Json {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // nested too deep, or no JSON at all: the same to the client
  }
  throw new InvalidToken('the token is not made of JSON objects');
}

function timeOf(claims: Json, claim: string): number | null {
  const seconds = claims[claim];
  if (seconds === undefined) return null;
  if (typeof seconds !== 'number') throw new InvalidToken(`the token's ${claim} is no number`);
  return seconds * MS;
}

function scopeOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.map(String) : [];
}
