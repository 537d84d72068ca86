/** Signs a connection in with SASL: PLAIN (RFC 4616) or SCRAM (RFC 5802). */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { SaslHandshake } from '../../../protocol/apis/17-sasl-handshake.ts';
import { SaslAuthenticate } from '../../../protocol/apis/36-sasl-authenticate.ts';
import type { Client } from '../../../protocol/client.ts';
import { randomUuid, systemRandom } from '../../platform/random.ts';
import { CommandError } from '../usage.ts';
import { Refused } from './failure.ts';
import type { Credentials } from './security.ts';
import { chooseVersion, type BrokerVersions } from './versions.ts';

/** Rejects where the broker does not offer the mechanism, or does not believe the password. */
export async function authenticate(client: Client, versions: BrokerVersions, credentials: Credentials): Promise<void> {
  const { mechanism, user, password } = credentials;
  // From version 1 on the tokens travel inside SaslAuthenticate (KIP-152).
  const offered = await client.send(SaslHandshake, 1, { mechanism });
  if (offered.errorCode !== 0) {
    const list = offered.mechanisms.join(', ');
    throw new Refused(`signing in with ${mechanism}`, offered.errorCode, `the broker offers ${list || 'nothing'}`);
  }
  const exchange = async (token: string): Promise<string> => {
    const version = chooseVersion(SaslAuthenticate, versions);
    const answer = await client.send(SaslAuthenticate, version, { authBytes: Buffer.from(token) });
    if (answer.errorCode !== 0) throw new Refused(`signing in as ${user}`, answer.errorCode, answer.errorMessage);
    return Buffer.from(answer.authBytes).toString();
  };
  if (mechanism === 'PLAIN') {
    await exchange(`\0${user}\0${password}`);
    return;
  }
  const scram = new Scram(
    mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512',
    user,
    password,
    randomUuid(systemRandom),
  );
  scram.verify(await exchange(scram.proof(await exchange(scram.first()))));
}

/** The client's side of one SCRAM exchange, as text. */
export class Scram {
  readonly #hash: 'sha256' | 'sha512';
  readonly #password: string;
  readonly #bare: string;
  #signature = '';

  constructor(hash: 'sha256' | 'sha512', user: string, password: string, nonce: string) {
    this.#hash = hash;
    this.#password = password;
    this.#bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  }

  first(): string {
    return `n,,${this.#bare}`;
  }

  /** The last message of the client, out of the first of the server. */
  proof(serverFirst: string): string {
    const { r: nonce = '', s: salt = '', i: iterations = '' } = attributes(serverFirst);
    if (!nonce.startsWith(this.#bare.slice(this.#bare.indexOf(',r=') + 3)) || !(Number(iterations) > 0)) {
      throw new CommandError('the broker answered SCRAM with something else; is it a Kafka broker?');
    }
    const length = this.#hash === 'sha256' ? 32 : 64;
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), Number(iterations), length, this.#hash);
    const clientKey = this.#hmac(salted, 'Client Key');
    const final = `c=biws,r=${nonce}`;
    const said = `${this.#bare},${serverFirst},${final}`;
    const signature = this.#hmac(createHash(this.#hash).update(clientKey).digest(), said);
    this.#signature = this.#hmac(this.#hmac(salted, 'Server Key'), said).toString('base64');
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]));
    return `${final},p=${proof.toString('base64')}`;
  }

  /** Throws where the server does not know the password either. */
  verify(serverFinal: string): void {
    if (attributes(serverFinal).v === this.#signature) return;
    throw new CommandError('the broker could not prove that it knows this user: do not trust it');
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}

function attributes(message: string): Record<string, string | undefined> {
  return Object.fromEntries(message.split(',').map((part) => [part[0], part.slice(2)]));
}
