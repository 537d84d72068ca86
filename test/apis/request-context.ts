/** Sessions and request contexts for tests that ask handlers without a connection. */
import { ConnectionThrottle } from '../../src/apis/connection-throttle.ts';
import { PendingWaits } from '../../src/apis/pending-waits.ts';
import type { RequestContext } from '../../src/apis/request-context.ts';
import { ANONYMOUS } from '../../src/security/principal.ts';
import type { Session } from '../../src/security/session.ts';

export function sessionOf(differing: Partial<Session> = {}): Session {
  return {
    principal: ANONYMOUS,
    listenerName: 'PLAINTEXT',
    securityProtocol: 'PLAINTEXT',
    clientHost: '127.0.0.1',
    mechanism: null,
    expiresAtMs: null,
    memo: { access: null, quotas: null },
    ...differing,
  };
}

export function contextOf(differing: Partial<RequestContext> = {}): RequestContext {
  return {
    session: sessionOf(),
    access: null,
    connectionId: 1,
    apiVersion: 0,
    clientId: null,
    waits: new PendingWaits(),
    throttle: new ConnectionThrottle(),
    ...differing,
  };
}
