/** Tokens that an authority has signed (JWT, RFC 7519), verified by the keys that it publishes. Kafka's BrokerJwtValidator. */
import { ConfigError } from '../../config/definition.ts';
import type { ListenerSettings } from '../../config/listener-settings.ts';
import type { Clock } from '../../platform/clock.ts';
import { readDocument } from '../../platform/document.ts';
import type { Logger } from '../../platform/logger.ts';
import { documentUrl } from './document-url.ts';
import type * as jose from './jose.ts';
import { KeySet } from './key-set.ts';
import { InvalidToken, type TokenClaims, type TokenValidator } from './oauthbearer.ts';

type Jose = typeof jose;

/** Never `none`, and no HS…: its secret would be the public key. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const MOST_BYTES = 1 << 20;
const TIMEOUT_MS = 5000;
const MS = 1000;
const MECHANISM = 'OAUTHBEARER';

interface Expected {
  readonly issuer: string | null;
  readonly audience: readonly string[];
  readonly skewSeconds: number;
  readonly userClaim: string;
}

/** @throws {ConfigError} and rejects with it, for settings that would take anybody's token */
export async function signedTokens(settings: ListenerSettings, clock: Clock, logger: Logger): Promise<TokenValidator> {
  const expected = expectedOf(settings, logger);
  const key = settings.nameOf('sasl.oauthbearer.jwks.endpoint.url', MECHANISM);
  const url = documentUrl(key, settings.text('sasl.oauthbearer.jwks.endpoint.url', MECHANISM)!);
  const library = await import('./jose.ts');
  const keys = new KeySet({
    clock,
    fetch: async () => keySetIn(await readDocument(url, { mostBytes: MOST_BYTES, timeoutMs: TIMEOUT_MS })),
    refreshMs: settings.value('sasl.oauthbearer.jwks.endpoint.refresh.ms', MECHANISM),
    backoffMs: settings.value('sasl.oauthbearer.jwks.endpoint.retry.backoff.ms', MECHANISM),
    maxBackoffMs: settings.value('sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms', MECHANISM),
    failed: (reason) =>
      logger.warn('token-keys-not-fetched', { url: url.href, reason, next: 'see that it can be reached' }),
  });
  void keys.current();
  return new SignedTokens(library, keys, expected, clock);
}

/** @throws {Error} for what is none (RFC 7517), as what a proxy answers: the last good one serves on */
function keySetIn(text: string): unknown {
  const set = JSON.parse(text) as { readonly keys?: unknown } | null;
  const isKey = (key: unknown): boolean => typeof key === 'object' && key !== null && !Array.isArray(key);
  if (Array.isArray(set?.keys) && set.keys.every(isKey)) return set;
  throw new Error('what lies there is no set of keys (JWKS)');
}

function expectedOf(settings: ListenerSettings, logger: Logger): Expected {
  const issuer = settings.value('sasl.oauthbearer.expected.issuer', MECHANISM);
  const audience = settings.value('sasl.oauthbearer.expected.audience', MECHANISM);
  const check = (isMissing: boolean, what: 'issuer' | 'audience', isAllowed: boolean): void => {
    if (!isMissing) return;
    const [wanted, allowed] = [`sasl.oauthbearer.expected.${what}`, `sasl.oauthbearer.allow.unverified.${what}`];
    if (!isAllowed) {
      throw new ConfigError(
        `listener ${settings.listener}: set ${wanted} to the ${what} that tokens have to have, or ${allowed} to true`,
      );
    }
    logger.warn('configuration', { message: `${allowed} is true: tokens of any ${what} are taken` });
  };
  check(
    issuer === null || issuer === '',
    'issuer',
    settings.value('sasl.oauthbearer.allow.unverified.issuer', MECHANISM),
  );
  check(audience.length === 0, 'audience', settings.value('sasl.oauthbearer.allow.unverified.audience', MECHANISM));
  return {
    issuer: issuer || null,
    audience,
    skewSeconds: settings.value('sasl.oauthbearer.clock.skew.seconds', MECHANISM) ?? 0,
    userClaim: settings.value('sasl.oauthbearer.sub.claim.name', MECHANISM),
  };
}

class SignedTokens implements TokenValidator {
  readonly #jose: Jose;
  readonly #keys: KeySet;
  readonly #expected: Expected;
  readonly #clock: Clock;

  constructor(library: Jose, keys: KeySet, expected: Expected, clock: Clock) {
    this.#jose = library;
    this.#keys = keys;
    this.#expected = expected;
    this.#clock = clock;
  }

  async validate(token: string): Promise<TokenClaims> {
    const { errors } = this.#jose;
    try {
      return await this.#verify(token, await this.#keys.current());
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw invalid(error);
    }
    try {
      return await this.#verify(token, await this.#keys.lookFor(keyIdOf(token)));
    } catch (error) {
      throw invalid(error);
    }
  }

  async #verify(token: string, keys: unknown): Promise<TokenClaims> {
    if (keys === null) throw new InvalidToken('the keys that the token is to be verified by are not known');
    const { createLocalJWKSet, jwtVerify } = this.#jose;
    const { issuer, audience, skewSeconds, userClaim } = this.#expected;
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys as Parameters<typeof createLocalJWKSet>[0]), {
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'iat'],
      clockTolerance: skewSeconds,
      currentDate: new Date(this.#clock.now()),
      ...(issuer === null ? {} : { issuer }),
      ...(audience.length === 0 ? {} : { audience: [...audience] }),
    });
    const user = payload[userClaim];
    if (typeof user !== 'string' || user.trim() === '') throw new InvalidToken(`the token has no ${userClaim}`);
    return { user: user.trim(), endsAtMs: payload.exp! * MS };
  }
}

/** What the library says of a token is not told to the client, but for that it is invalid. */
function invalid(error: unknown): InvalidToken {
  return error instanceof InvalidToken ? error : new InvalidToken((error as Error).message);
}

function keyIdOf(token: string): string {
  try {
    const { kid } = JSON.parse(Buffer.from(token.split('.', 1)[0], 'base64url').toString()) as { kid?: unknown };
    return typeof kid === 'string' ? kid : '';
  } catch {
    return '';
  }
}
