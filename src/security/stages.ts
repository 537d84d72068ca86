/** What dispatch asks of security on the way of a request. A stage that is null is off: it costs the check for null. */
import type { AnyApi } from '../../protocol/schema.ts';
import type { Access } from './access.ts';
import type { Session } from './session.ts';

export interface SecurityStages {
  readonly authorizer: Authorizer | null;
  readonly quotas: RequestQuotas | null;
}

export interface Authorizer {
  /** What the client may do; handlers ask it (src/apis/permissions.ts). */
  accessOf(session: Session): Access;
}

export interface RequestQuotas {
  /** Counts a request that has been handled. Answers for how long its client is throttled; the response says so. */
  account(session: Session, clientId: string | null, api: AnyApi): number;
}

export const NO_SECURITY: SecurityStages = { authorizer: null, quotas: null };
