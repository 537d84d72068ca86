/** Who sends the requests of a connection, and how it got here: made when a client has authenticated, never changed. */
import type { SecurityProtocol } from '../config/listeners.ts';
import { ANONYMOUS, type Principal } from './principal.ts';

export interface Session {
  readonly principal: Principal;
  /** The listener the client connected to: it decides which address of a broker the client is told. */
  readonly listenerName: string;
  readonly securityProtocol: SecurityProtocol;
  /** The client's address as text, without a port. */
  readonly clientHost: string;
  /** The SASL mechanism by which the client has authenticated; null without SASL. */
  readonly mechanism: string | null;
  /** Milliseconds since 1970 by the broker's clock, after which the client has to authenticate again (KIP-368); null: never. */
  readonly expiresAtMs: number | null;
  readonly memo: SessionMemo;
}

/**
 * What the authorizer and the quotas have worked out for this session, so that the next request finds it. Each writes and reads its
 * own; a session that follows upon re-authentication begins without.
 */
export interface SessionMemo {
  access: object | null;
  quotas: object | null;
}

/** All of a session but what is worked out later. */
export type SessionFacts = Omit<Session, 'memo'>;

export function sessionOf(facts: SessionFacts): Session {
  return { ...facts, memo: { access: null, quotas: null } };
}

/** What a client is before it authenticates, and stays on a listener that asks for no authentication. */
export function anonymousSession(
  { name, protocol }: { readonly name: string; readonly protocol: SecurityProtocol },
  clientHost: string,
): Session {
  return sessionOf({
    principal: ANONYMOUS,
    listenerName: name,
    securityProtocol: protocol,
    clientHost,
    mechanism: null,
    expiresAtMs: null,
  });
}
