/** How the command line proves who it is, and whom it talks to: TLS and SASL, as flags say. */
import type { ConnectionOptions } from 'node:tls';

export type Credentials = Password | Token;

export interface Password {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly user: string;
  readonly password: string;
  /** Nobody named the mechanism: it is PLAIN because there is a user. */
  readonly isImplied?: boolean;
  /** SCRAM: these are the id and the HMAC of a delegation token. */
  readonly isToken?: boolean;
}

export interface Token {
  readonly mechanism: 'OAUTHBEARER';
  readonly token: string;
}

export interface Security {
  /** null: plain text. */
  readonly tls: ConnectionOptions | null;
  /** null: nobody in particular. */
  readonly credentials: Credentials | null;
}

export const NO_SECURITY: Security = { tls: null, credentials: null };
