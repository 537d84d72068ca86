/** Delegation tokens (KIP-48): who may ask for them. None are made yet, as in Kafka without delegation.token.secret.key. */
import { ErrorCode } from '../../protocol/errors.ts';
import { ANONYMOUS, isSamePrincipal } from './principal.ts';
import type { Session } from './session.ts';

/** Why a session is refused: it is nobody in particular, or has come by a token itself; or tokens are off. */
export function tokenRequestError({ principal, securityProtocol }: Session): number {
  const isNobody =
    securityProtocol === 'PLAINTEXT' || (securityProtocol === 'SSL' && isSamePrincipal(principal, ANONYMOUS));
  return isNobody || principal.tokenAuthenticated === true
    ? ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
    : ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED;
}
