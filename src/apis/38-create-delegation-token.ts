/** Would make a token for a client that has logged in; nobody logs in through a listener without authentication. */
import { CreateDelegationToken } from '../../protocol/apis/38-create-delegation-token.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { handler } from './handler.ts';

export const createDelegationToken = handler(CreateDelegationToken, {
  handle: (request, { principal }) => refused(request, ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, principal),
  refuse: (request, errorCode) => refused(request, errorCode, 'User:ANONYMOUS'),
});

function refused(
  { ownerPrincipalType, ownerPrincipalName }: RequestOf<typeof CreateDelegationToken>,
  errorCode: number,
  principal: string,
): ResponseDraft<typeof CreateDelegationToken> {
  const colon = principal.indexOf(':');
  const [type, name] = [principal.slice(0, colon), principal.slice(colon + 1)];
  const isForOther = (ownerPrincipalName ?? '') !== '';
  return {
    errorCode,
    principalType: isForOther ? (ownerPrincipalType ?? '') : type,
    principalName: isForOther ? ownerPrincipalName! : name,
    tokenRequesterPrincipalType: type,
    tokenRequesterPrincipalName: name,
    issueTimestampMs: -1,
    expiryTimestampMs: -1,
    maxTimestampMs: -1,
    tokenId: '',
    hmac: Buffer.alloc(0),
  };
}
