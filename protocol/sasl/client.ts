/** Signs a connection in: the client's side of SaslHandshake and SaslAuthenticate (KIP-43, KIP-152, KIP-368). */
import { SaslHandshake } from '../apis/17-sasl-handshake.ts';
import { SaslAuthenticate } from '../apis/36-sasl-authenticate.ts';
import type { Client } from '../client.ts';
import { ACKNOWLEDGED, writeClientInitial } from './oauthbearer.ts';
import { SaslError } from './sasl-error.ts';

export { SaslError };

/** One mechanism's messages, as a client sends them. */
export interface SaslClient {
  readonly mechanism: string;
  first(): Buffer;
  /** What to answer; null: nothing is left to say. @throws {SaslError} where the server is not to be trusted */
  next(challenge: Buffer): Buffer | null;
}

export function plainClient(user: string, password: string): SaslClient {
  return { mechanism: 'PLAIN', first: () => Buffer.from(`\0${user}\0${password}`), next: () => null };
}

/** `token` is a JWT, signed or not. */
export function oauthBearerClient(token: string, extensions: Readonly<Record<string, string>> = {}): SaslClient {
  return {
    mechanism: 'OAUTHBEARER',
    first: () => writeClientInitial(token, extensions),
    next: (challenge) => (challenge.length === 0 ? null : ACKNOWLEDGED), // a challenge tells why the token was refused
  };
}

/** How long the session lasts in ms; 0: for ever. @throws {SaslError} where the broker refuses, with what it says */
export async function signIn(client: Client, sasl: SaslClient, authenticateVersion: number): Promise<number> {
  const { mechanism } = sasl;
  const offered = await client.send(SaslHandshake, 1, { mechanism });
  if (offered.errorCode !== 0) {
    const list = offered.mechanisms.join(', ') || 'nothing';
    throw new SaslError(`the broker does not take ${mechanism}: it offers ${list}`, offered.errorCode);
  }
  let token: Buffer | null = sasl.first();
  let lifetimeMs = 0;
  while (token !== null) {
    const answer = await client.send(SaslAuthenticate, authenticateVersion, { authBytes: token });
    if (answer.errorCode !== 0) {
      throw new SaslError(answer.errorMessage ?? 'the broker does not say why', answer.errorCode);
    }
    lifetimeMs = answer.sessionLifetimeMs;
    token = sasl.next(Buffer.from(answer.authBytes));
  }
  return lifetimeMs;
}
