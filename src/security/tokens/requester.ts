/** Who may ask for delegation tokens (KIP-48): a client that has proved by itself who it is. PURE. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { ANONYMOUS, isSamePrincipal } from '../principal.ts';
import type { Session } from '../session.ts';

/** DELEGATION_TOKEN_REQUEST_NOT_ALLOWED for a session that proves nothing, and for one that has come by a token itself; else NONE. */
export function tokenRequestError({ principal, securityProtocol }: Session): number {
  const provesNothing =
    securityProtocol === 'PLAINTEXT' || (securityProtocol === 'SSL' && isSamePrincipal(principal, ANONYMOUS));
  return provesNothing || principal.tokenAuthenticated === true
    ? ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
    : ErrorCode.NONE;
}
