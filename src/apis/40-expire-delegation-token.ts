/** Would end a token's life; who may ask has logged in, and nobody has. */
import { ExpireDelegationToken } from '../../protocol/apis/40-expire-delegation-token.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const expireDelegationToken = handler(ExpireDelegationToken, {
  handle: () => ({ errorCode: ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, expiryTimestampMs: -1 }),
  refuse: (_request, errorCode) => ({ errorCode, expiryTimestampMs: -1 }),
});
