/** What is shown of delegation tokens, and what is not in any record: their HMACs, and the credentials by which SCRAM knows them. */
import { createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { FEWEST_ITERATIONS, SCRAM_MECHANISMS, scramKeys, type ScramMechanism } from '../../../protocol/sasl/scram.ts';
import type { ClusterImage, DelegationToken } from '../../cluster/image.ts';
import type { ServerConfig } from '../../config/server.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';
import { principalIn } from '../principal.ts';
import type { ScramCredential, TokenCredential } from '../sasl/scram.ts';

export interface DelegationTokensOptions {
  /** delegation.token.secret.key: the same at all brokers and controllers. */
  readonly secretKey: string;
  readonly image: () => Pick<ClusterImage, 'delegationTokens'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Null without delegation.token.secret.key: tokens are off. */
export function openDelegationTokens(
  config: ServerConfig,
  options: Omit<DelegationTokensOptions, 'secretKey'>,
): DelegationTokens | null {
  const secretKey = config['delegation.token.secret.key'];
  return secretKey === null || secretKey === '' ? null : new DelegationTokens({ ...options, secretKey });
}

/** As many bytes as Kafka makes. */
const SALT_BYTES = 26;
/** Of credentials that are remembered: each takes milliseconds to make. */
const MOST_CREDENTIALS = 10_000;
const derive = promisify(pbkdf2);

type Tokens = ClusterImage['delegationTokens'];

export class DelegationTokens {
  readonly #options: DelegationTokensOptions;
  /** Those whose HMACs are known: ids by HMAC in base64, and the other way round. */
  #followed: Tokens = new Map();
  readonly #ids = new Map<string, string>();
  readonly #hmacs = new Map<string, string>();
  readonly #credentials = new Map<string, Promise<ScramCredential>>();

  constructor(options: DelegationTokensOptions) {
    this.#options = options;
  }

  /** HMAC-SHA-512 of the id under the secret key. In base64 it is the token's password. */
  hmacOf(tokenId: string): Buffer {
    return createHmac('sha512', this.#options.secretKey).update(tokenId).digest();
  }

  /** The one of `tokens` that has this HMAC. */
  find(tokens: Tokens, hmac: Uint8Array): DelegationToken | undefined {
    if (tokens !== this.#followed) this.#follow(tokens);
    const id = this.#ids.get(Buffer.from(hmac).toString('base64'));
    return id === undefined ? undefined : tokens.get(id);
  }

  /** For a client that signs in with a token; null where there is none, or it has expired. */
  async credentialOf(mechanism: ScramMechanism, tokenId: string): Promise<TokenCredential | null> {
    const { image, clock } = this.#options;
    const token = image().delegationTokens.get(tokenId);
    if (token === undefined || token.expirationTimestamp < clock.now()) return null;
    const { owner, expirationTimestamp: endsAtMs } = token;
    return { ...(await this.#credential(mechanism, tokenId)), owner: principalIn(owner).name, endsAtMs };
  }

  #follow(tokens: Tokens): void {
    for (const id of tokens.keys()) {
      if (this.#hmacs.has(id)) continue;
      const hmac = this.hmacOf(id).toString('base64');
      this.#hmacs.set(id, hmac);
      this.#ids.set(hmac, id);
    }
    for (const [id, hmac] of this.#hmacs) {
      if (tokens.has(id)) continue;
      this.#hmacs.delete(id);
      this.#ids.delete(hmac);
    }
    this.#followed = tokens;
  }

  #credential(mechanism: ScramMechanism, tokenId: string): Promise<ScramCredential> {
    const key = `${mechanism} ${tokenId}`;
    let credential = this.#credentials.get(key);
    if (credential !== undefined) return credential;
    if (this.#credentials.size >= MOST_CREDENTIALS) this.#credentials.clear();
    this.#credentials.set(key, (credential = this.#make(mechanism, tokenId)));
    return credential;
  }

  /** Beside the event loop: it takes milliseconds. */
  async #make(mechanism: ScramMechanism, tokenId: string): Promise<ScramCredential> {
    const salt = Buffer.alloc(SALT_BYTES);
    this.#options.random.fill(salt);
    const { hash, keyBytes } = SCRAM_MECHANISMS[mechanism];
    const password = this.hmacOf(tokenId).toString('base64');
    const salted = await derive(password, salt, FEWEST_ITERATIONS, keyBytes, hash);
    return { salt, iterations: FEWEST_ITERATIONS, ...scramKeys(mechanism, salted) };
  }
}
