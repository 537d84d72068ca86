/** The client's side of SCRAM. */
import { timingSafeEqual } from 'node:crypto';
import type { SaslClient } from './client.ts';
import { SaslError } from './sasl-error.ts';
import {
  clientProof,
  readServerFinal,
  readServerFirst,
  saltedPassword,
  saslName,
  scramKeys,
  serverSignature,
  type ScramMechanism,
} from './scram.ts';

export interface ScramLogin {
  readonly user: string;
  readonly password: string;
  /** Signs in with a delegation token: its id is the user, its HMAC in base64 the password. */
  readonly isToken?: boolean;
}

/** A server that asks for more is one that wants to keep this client busy. */
const MOST_ITERATIONS = 1_000_000;

export class ScramClient implements SaslClient {
  readonly mechanism: ScramMechanism;
  readonly #login: ScramLogin;
  readonly #nonce: string;
  readonly #bare: string;
  #signature: Buffer | null = null;

  constructor(mechanism: ScramMechanism, login: ScramLogin, nonce: string) {
    this.mechanism = mechanism;
    this.#login = login;
    this.#nonce = nonce;
    this.#bare = `n=${saslName(login.user)},r=${nonce}${login.isToken === true ? ',tokenauth=true' : ''}`;
  }

  first(): Buffer {
    return Buffer.from(`n,,${this.#bare}`);
  }

  next(challenge: Buffer): Buffer | null {
    if (this.#signature !== null) return this.#verify(challenge.toString());
    return Buffer.from(this.#proof(challenge.toString()));
  }

  #proof(message: string): string {
    const said = readServerFirst(message);
    if (
      said === null ||
      !said.nonce.startsWith(this.#nonce) ||
      said.iterations < 1 ||
      said.iterations > MOST_ITERATIONS
    ) {
      throw new SaslError('the broker answered SCRAM with something else; is it a Kafka broker?');
    }
    const salted = saltedPassword(this.mechanism, this.#login.password, said.salt, said.iterations);
    const withoutProof = `c=biws,r=${said.nonce}`;
    const both = `${this.#bare},${message},${withoutProof}`;
    this.#signature = serverSignature(this.mechanism, scramKeys(this.mechanism, salted).serverKey, both);
    return `${withoutProof},p=${clientProof(this.mechanism, salted, both).toString('base64')}`;
  }

  #verify(message: string): null {
    const said = readServerFinal(message);
    const signature = this.#signature!;
    if (said !== null && 'signature' in said && said.signature.length === signature.length) {
      if (timingSafeEqual(said.signature, signature)) return null;
    }
    throw new SaslError('the broker could not prove that it knows this user: do not trust it');
  }
}
