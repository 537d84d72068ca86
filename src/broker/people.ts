/** How people who look at the broker's page say who they are: as clients do on its listeners. */
import type { Endpoint } from '../config/listeners.ts';
import { anonymousSession, type Session } from '../security/session.ts';
import type { Login } from '../security/sasl/password.ts';
import type { ListenerSecurity } from './listener-security.ts';

export type { Login, Session };

export type People =
  /** No listener asks its clients: everybody is User:ANONYMOUS. */
  | { readonly kind: 'anybody'; session(clientHost: string): Session }
  /** By name and password; null where they are wrong. */
  | { readonly kind: 'users'; signIn(login: Login, clientHost: string): Promise<Session | null> }
  /** Clients are asked in a way that people in front of a browser cannot answer. */
  | { readonly kind: 'nobody'; readonly because: string };

export interface OpenedListener {
  readonly endpoint: Endpoint;
  readonly security: Pick<ListenerSecurity, 'asksCertificates' | 'signIn'>;
}

export function peopleAt(listeners: readonly OpenedListener[]): People {
  const asking = listeners.filter(
    ({ endpoint, security }) => endpoint.protocol.startsWith('SASL') || security.asksCertificates,
  );
  if (asking.length === 0) return { kind: 'anybody', session: (host) => anonymousSession(listeners[0].endpoint, host) };
  const byPassword = asking.flatMap(({ endpoint, security: { signIn } }) =>
    signIn === null ? [] : { endpoint, signIn },
  );
  if (byPassword.length === 0) {
    const [{ endpoint, security }] = asking;
    const how = security.asksCertificates ? 'by a certificate' : 'by a token';
    return { kind: 'nobody', because: `listener ${endpoint.name} asks clients who they are ${how}` };
  }
  return {
    kind: 'users',
    signIn: async (login, clientHost) => {
      for (const { endpoint, signIn } of byPassword) {
        const session = await signIn(anonymousSession(endpoint, clientHost), login);
        if (session !== null) return session;
      }
      return null;
    },
  };
}
