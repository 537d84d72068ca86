/** Renews a delegation token. Only authenticated clients may, and this broker has no listener that authenticates. */
import { RenewDelegationToken } from '../../protocol/apis/39-renew-delegation-token.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const renewDelegationToken = handler(RenewDelegationToken, {
  open: 'owners and renewers of a token may',
  handle: () => ({ errorCode: ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, expiryTimestampMs: -1 }),
  refuse: (_request, errorCode) => ({ errorCode, expiryTimestampMs: -1 }),
});
