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

export const NOT_TIMED = -1;

export interface RequestQuotas {
  /** When the handling of a request begins; NOT_TIMED where its time does not count. */
  begin(): number;
  /**
   * Counts a request that has been handled, with the bytes that it has produced. Answers for how many milliseconds its client is
   * throttled: the response says so, and the connection handles nothing more for as long.
   */
  account(session: Session, clientId: string | null, api: AnyApi, producedBytes: number, begun: number): number;
}

export const NO_SECURITY: SecurityStages = { authorizer: null, quotas: null };
