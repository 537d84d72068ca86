/** How the command line proves who it is, and whom it talks to: TLS and SASL, as flags say. */
import type { ConnectionOptions } from 'node:tls';

export interface Credentials {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly user: string;
  readonly password: string;
}

export interface Security {
  /** null: plain text. */
  readonly tls: ConnectionOptions | null;
  /** null: nobody in particular. */
  readonly credentials: Credentials | null;
}

export const NO_SECURITY: Security = { tls: null, credentials: null };
