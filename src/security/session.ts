/** Who sends the requests of a connection, and how it got here: made when a client has authenticated, never changed. */
import type { X509Certificate } from 'node:crypto';
import type { SecurityProtocol } from '../config/listeners.ts';

/** Kafka writes it `type:name`. */
export interface Principal {
  readonly type: string;
  readonly name: string;
}

export const ANONYMOUS: Principal = { type: 'User', name: 'ANONYMOUS' };

export interface Session {
  readonly principal: Principal;
  /** The listener the client connected to: it decides which address of a broker the client is told. */
  readonly listenerName: string;
  readonly securityProtocol: SecurityProtocol;
  /** The client's address as text, without a port. */
  readonly clientHost: string;
  /** The certificate the client presented over TLS. */
  readonly peerCertificate: X509Certificate | null;
}
