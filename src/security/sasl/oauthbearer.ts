/** OAUTHBEARER (RFC 7628): a token of an authority that the broker trusts. Says what Kafka's OAuthBearerSaslServer says. */
import { ACKNOWLEDGED, readClientInitial } from '../../../protocol/sasl/oauthbearer.ts';
import {
  NO_CHALLENGE,
  SaslFault,
  SaslRefused,
  type SaslMechanism,
  type SaslServer,
  type SaslStep,
} from './mechanism.ts';

/** What is read out of a token that was found good. */
export interface TokenClaims {
  readonly user: string;
  readonly endsAtMs: number;
}

/** A token that is not good, and why: `message` is for the log, `status` for the client. */
export class InvalidToken extends Error {
  override readonly name = 'InvalidToken';
  readonly status: 'invalid_token' | 'insufficient_scope';
  /** The scope that is needed. */
  readonly scope: string | null;

  constructor(message: string, status: InvalidToken['status'] = 'invalid_token', scope: string | null = null) {
    super(message);
    this.status = status;
    this.scope = scope;
  }
}

export interface TokenValidator {
  /** @throws {InvalidToken} and rejects with it */
  validate(token: string): TokenClaims | Promise<TokenClaims>;
}

export function oauthBearerMechanism(validator: TokenValidator): SaslMechanism {
  return { name: 'OAUTHBEARER', begin: () => new OAuthBearerServer(validator) };
}

class OAuthBearerServer implements SaslServer {
  user: string | null = null;
  readonly #validator: TokenValidator;
  /** Told to the client, which has to acknowledge it before it is refused. */
  #error: InvalidToken | null = null;

  constructor(validator: TokenValidator) {
    this.#validator = validator;
  }

  async next(token: Buffer): Promise<SaslStep> {
    const refused = this.#error;
    if (refused !== null && token.equals(ACKNOWLEDGED)) throw new SaslRefused(errorText(refused), refused.message);
    this.#error = null;
    const initial = readClientInitial(token.toString());
    if (initial === null) throw new SaslFault('Invalid OAUTHBEARER client first message');
    try {
      const { user, endsAtMs } = await this.#validator.validate(initial.token);
      this.user = user;
      if (initial.authorizationId !== '' && initial.authorizationId !== user) {
        throw new SaslRefused(
          `Authentication failed: Client requested an authorization id (${initial.authorizationId}) that is different from ` +
            `the token's principal name (${user})`,
        );
      }
      return { challenge: NO_CHALLENGE, done: { user, tokenAuthenticated: false, endsAtMs } };
    } catch (error) {
      if (!(error instanceof InvalidToken)) throw error;
      this.#error = error;
      return { challenge: Buffer.from(errorText(error)), done: null };
    }
  }
}

/** As Kafka spaces it. */
function errorText({ status, scope }: InvalidToken): string {
  return `{"status":"${status}"${scope === null ? '' : `, "scope":"${scope}"`}}`;
}
