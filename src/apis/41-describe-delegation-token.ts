/** Lists delegation tokens. Only authenticated clients may, and tokens are off. */
import { DescribeDelegationToken } from '../../protocol/apis/41-describe-delegation-token.ts';
import { tokenRequestError } from '../security/tokens.ts';
import { handler } from './handler.ts';

export const describeDelegationToken = handler(DescribeDelegationToken, {
  open: 'owners and renewers of a token may',
  handle: (_request, { session }) => ({ errorCode: tokenRequestError(session), tokens: [] }),
  refuse: (_request, errorCode) => ({ errorCode, tokens: [] }),
});
