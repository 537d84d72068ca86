/** Renews a delegation token. Only authenticated clients may, and tokens are off. */
import { RenewDelegationToken } from '../../protocol/apis/39-renew-delegation-token.ts';
import { tokenRequestError } from '../security/tokens.ts';
import { handler } from './handler.ts';

export const renewDelegationToken = handler(RenewDelegationToken, {
  open: 'owners and renewers of a token may',
  handle: (_request, { session }) => ({ errorCode: tokenRequestError(session), expiryTimestampMs: -1 }),
  refuse: (_request, errorCode) => ({ errorCode, expiryTimestampMs: -1 }),
});
