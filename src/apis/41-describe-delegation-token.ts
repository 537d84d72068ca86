/** Lists delegation tokens. Only authenticated clients may, and this broker has no listener that authenticates. */
import { DescribeDelegationToken } from '../../protocol/apis/41-describe-delegation-token.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const describeDelegationToken = handler(DescribeDelegationToken, {
  open: 'owners and renewers of a token may',
  handle: () => ({ errorCode: ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, tokens: [] }),
  refuse: (_request, errorCode) => ({ errorCode, tokens: [] }),
});
