/** Creates a delegation token. Only authenticated clients may, and tokens are off. */
import { CreateDelegationToken } from '../../protocol/apis/38-create-delegation-token.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import { ANONYMOUS, type Principal } from '../security/principal.ts';
import { tokenRequestError } from '../security/tokens.ts';
import { handler } from './handler.ts';

export const createDelegationToken = handler(CreateDelegationToken, {
  open: 'clients ask for tokens of their own',
  handle: (request, { session }) => refused(request, tokenRequestError(session), session.principal),
  refuse: (request, errorCode) => refused(request, errorCode, ANONYMOUS),
});

function refused(
  { ownerPrincipalType, ownerPrincipalName }: RequestOf<typeof CreateDelegationToken>,
  errorCode: number,
  { type, name }: Principal,
): ResponseDraft<typeof CreateDelegationToken> {
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
