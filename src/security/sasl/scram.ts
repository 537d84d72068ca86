/**
 * SCRAM (RFC 5802): the client proves that it knows a password, without showing it. A user who is not there is asked for a proof
 * too, and fails with it: Kafka refuses at once, and so tells whoever asks which users there are.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  FEWEST_ITERATIONS,
  readClientFinal,
  readClientFirst,
  SCRAM_MECHANISMS,
  serverFirst,
  serverSignature,
  storedKeyBehind,
  type ClientFirst,
  type ScramMechanism,
} from '../../../protocol/sasl/scram.ts';
import type { Random } from '../../platform/random.ts';
import { SaslFault, SaslRefused, type SaslMechanism, type SaslServer, type SaslStep } from './mechanism.ts';

export interface ScramCredential {
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly iterations: number;
}

/** What a delegation token is signed in with, by SCRAM. */
export interface TokenCredential extends ScramCredential {
  /** Whose token it is: the client is this user from then on. */
  readonly owner: string;
  readonly endsAtMs: number;
}

export interface ScramSource {
  credentialOf(mechanism: ScramMechanism, user: string): ScramCredential | undefined;
  /** Null where delegation tokens are off, or none has this id. Slow for a token that signs in for the first time. */
  tokenCredential(mechanism: ScramMechanism, tokenId: string): Promise<TokenCredential | null>;
}

const NONCE_BYTES = 24;
const SECRET_BYTES = 32;
const SALT_BYTES = 26; // as many as Kafka makes

/** Of the whole process: the salt of a user who is not there must not change from one login to the next. */
export class ScramSecret {
  readonly #secret = Buffer.alloc(SECRET_BYTES);

  constructor(random: Random) {
    random.fill(this.#secret);
  }

  /** Looks like any other, and no password fits it. */
  credentialOfNobody(mechanism: ScramMechanism, user: string): ScramCredential {
    const made = (what: string): Buffer =>
      createHmac('sha512', this.#secret).update(`${what} ${mechanism} ${user}`).digest();
    const { keyBytes } = SCRAM_MECHANISMS[mechanism];
    return {
      salt: made('salt').subarray(0, SALT_BYTES),
      storedKey: made('stored key').subarray(0, keyBytes),
      serverKey: made('server key').subarray(0, keyBytes),
      iterations: FEWEST_ITERATIONS,
    };
  }
}

export function scramMechanism(
  name: ScramMechanism,
  source: ScramSource,
  secret: ScramSecret,
  random: Random,
): SaslMechanism {
  return { name, begin: () => new ScramServer(name, source, secret, random) };
}

interface Begun {
  readonly credential: ScramCredential;
  readonly isNobody: boolean;
  readonly token: TokenCredential | null;
  readonly nonce: string;
  /** What both sides have said so far. */
  readonly said: string;
}

class ScramServer implements SaslServer {
  user: string | null = null;
  readonly #mechanism: ScramMechanism;
  readonly #source: ScramSource;
  readonly #secret: ScramSecret;
  readonly #random: Random;
  #begun: Begun | null = null;

  constructor(mechanism: ScramMechanism, source: ScramSource, secret: ScramSecret, random: Random) {
    this.#mechanism = mechanism;
    this.#source = source;
    this.#secret = secret;
    this.#random = random;
  }

  next(token: Buffer): SaslStep | Promise<SaslStep> {
    const message = token.toString();
    return this.#begun === null ? this.#first(message) : this.#final(message, this.#begun);
  }

  #first(message: string): SaslStep | Promise<SaslStep> {
    const first = readClientFirst(message);
    if (first === null) throw new SaslFault('Invalid SCRAM client first message format');
    this.user = first.user;
    if (first.extensions.get('tokenauth')?.toLowerCase() === 'true') return this.#firstWithToken(first);
    return this.#challenge(first, this.#source.credentialOf(this.#mechanism, first.user) ?? null, null);
  }

  async #firstWithToken(first: ClientFirst): Promise<SaslStep> {
    const token = await this.#source.tokenCredential(this.#mechanism, first.user);
    return this.#challenge(first, token, token);
  }

  #challenge(first: ClientFirst, known: ScramCredential | null, token: TokenCredential | null): SaslStep {
    const { authorizationId, user, bare } = first;
    if (authorizationId !== '' && authorizationId !== user) {
      throw new SaslRefused(
        'Authentication failed: Client requested an authorization id that is different from username',
      );
    }
    const credential = known ?? this.#secret.credentialOfNobody(this.#mechanism, user);
    const { salt, iterations } = credential;
    if (iterations < FEWEST_ITERATIONS) {
      throw new SaslFault(
        `Iterations ${iterations} is less than the minimum ${FEWEST_ITERATIONS} for ${this.#mechanism}`,
      );
    }
    const random = Buffer.alloc(NONCE_BYTES);
    this.#random.fill(random);
    const nonce = `${first.nonce}${random.toString('base64url')}`;
    const challenge = serverFirst({ nonce, salt, iterations });
    this.#begun = { credential, isNobody: known === null, token, nonce, said: `${bare},${challenge}` };
    return { challenge: Buffer.from(challenge), done: null };
  }

  #final(message: string, { credential, isNobody, token, nonce, said }: Begun): SaslStep {
    const final = readClientFinal(message);
    if (final === null) throw new SaslFault('Invalid SCRAM client final message format');
    if (final.nonce !== nonce) throw new SaslFault('Invalid client nonce in the final client message.');
    const both = `${said},${final.withoutProof}`;
    const proof = Buffer.alloc(credential.storedKey.length);
    final.proof.copy(proof);
    const stored = storedKeyBehind(this.#mechanism, proof, credential.storedKey, both);
    const isKnown = timingSafeEqual(stored, credential.storedKey) && final.proof.length === proof.length;
    if (!isKnown || isNobody) throw new SaslFault('Invalid client credentials');
    const signature = serverSignature(this.#mechanism, credential.serverKey, both);
    return {
      challenge: Buffer.from(`v=${signature.toString('base64')}`),
      done: {
        user: token?.owner ?? this.user!,
        tokenAuthenticated: token !== null,
        endsAtMs: token?.endsAtMs ?? null,
      },
    };
  }
}
