/** Lists delegation tokens: those of which the client is owner, renewer or requester, and those that the client may describe (KIP-48). */
import { DescribeDelegationToken } from '../../protocol/apis/41-describe-delegation-token.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { DelegationToken } from '../cluster/image.ts';
import { filterInPieces, mapInPieces, setInPieces, type Pieces } from '../platform/pieces.ts';
import type { Access } from '../security/access.ts';
import { anyOf, describe, describeTokens } from '../security/needs.ts';
import { principalIn, principalText } from '../security/principal.ts';
import { isOf } from '../security/tokens/alteration.ts';
import type { DelegationTokens } from '../security/tokens/delegation-tokens.ts';
import { tokenRequestError } from '../security/tokens/requester.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

type Owners = RequestOf<typeof DescribeDelegationToken>['owners'];
type Token = ResponseDraft<typeof DescribeDelegationToken>['tokens'][number];

export const describeDelegationToken = handler(DescribeDelegationToken, {
  byHand: [describe.token('tokens[].tokenId of the response'), describeTokens.user('its owner')],
  *handle({ owners }, { session, access }, { metadata, delegationTokens }: Parts<'metadata' | 'delegationTokens'>) {
    const errorCode = tokenRequestError(session);
    if (errorCode !== ErrorCode.NONE) return refused(errorCode);
    if (delegationTokens === null) return refused(ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED);
    const isAsked = yield* askedFor(owners);
    const mayDescribe = describable(principalText(session.principal), access);
    const found = yield* filterInPieces(
      metadata.image.delegationTokens.values(),
      (token) => isAsked(token) && mayDescribe(token),
    );
    return { errorCode: ErrorCode.NONE, tokens: yield* mapInPieces(found, (token) => shown(token, delegationTokens)) };
  },
  refuse: (_request, errorCode) => refused(errorCode),
});

function refused(errorCode: number): ResponseDraft<typeof DescribeDelegationToken> {
  return { errorCode, tokens: [] };
}

type Question = (token: DelegationToken) => boolean;

/** Null asks for all. */
function* askedFor(owners: Owners): Pieces<Question> {
  if (owners === null) return () => true;
  const asked = yield* setInPieces(owners, ({ principalType, principalName }) => `${principalType}:${principalName}`);
  return ({ owner, requester, renewers }) => [owner, requester, ...renewers].some((each) => asked.has(each));
}

function describable(principal: string, access: Access | null): Question {
  return (token) => {
    if (access === null || isOf(token, principal)) return true;
    const need = anyOf(describe.token(token.tokenId), describeTokens.user(token.owner));
    return access.errorOf(need, DescribeDelegationToken.name) === ErrorCode.NONE;
  };
}

function shown(token: DelegationToken, delegationTokens: DelegationTokens): Token {
  const { tokenId, issueTimestamp, maxTimestamp, expirationTimestamp: expiryTimestamp } = token;
  const [owner, requester] = [principalIn(token.owner), principalIn(token.requester)];
  return {
    principalType: owner.type,
    principalName: owner.name,
    tokenRequesterPrincipalType: requester.type,
    tokenRequesterPrincipalName: requester.name,
    issueTimestamp,
    expiryTimestamp,
    maxTimestamp,
    tokenId,
    hmac: delegationTokens.hmacOf(tokenId),
    renewers: token.renewers.map((text) => {
      const { type, name } = principalIn(text);
      return { principalType: type, principalName: name };
    }),
  };
}
