/** Creates a delegation token: for the client itself, or for another owner where it may (KIP-48, KIP-373). */
import { CreateDelegationToken } from '../../protocol/apis/38-create-delegation-token.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { DelegationToken } from '../cluster/image.ts';
import { randomUuid } from '../platform/random.ts';
import { createTokens } from '../security/needs.ts';
import { ANONYMOUS, isSamePrincipal, principalText, type Principal } from '../security/principal.ts';
import { createToken, creationError } from '../security/tokens/alteration.ts';
import { tokenRequestError } from '../security/tokens/requester.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

type Request = RequestOf<typeof CreateDelegationToken>;
type Response = ResponseDraft<typeof CreateDelegationToken>;
type Uses = Parts<'controller' | 'metadata' | 'delegationTokens' | 'clock' | 'random' | 'config'>;

export const createDelegationToken = handler(CreateDelegationToken, {
  byHand: [createTokens.user('the owner, where that is another')],
  forwarded: true,
  atBroker(request, { session }) {
    const errorCode = tokenRequestError(session);
    return errorCode === ErrorCode.NONE ? null : refused(request, errorCode, session.principal);
  },
  handle(request, { session, access }, parts: Uses): Response | Promise<Response> {
    const { principal: requester } = session;
    const { renewers: asked, maxLifetimeMs } = request;
    const owner = ownerOf(request, requester);
    const isOwn = isSamePrincipal(owner, requester);
    const need = createTokens.user(principalText(owner));
    const denied = isOwn || access === null ? ErrorCode.NONE : access.errorOf(need, CreateDelegationToken.name);
    if (denied !== ErrorCode.NONE) return refused(request, denied, requester);
    const renewers = asked.map(({ principalType: type, principalName: name }) => ({ type, name }));
    const { controller, metadata, delegationTokens, clock, random, config } = parts;
    const isOff = delegationTokens === null ? ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED : ErrorCode.NONE;
    const errorCode = creationError({ renewers }, metadata.image) || isOff;
    if (errorCode !== ErrorCode.NONE || delegationTokens === null) return refused(request, errorCode, requester);
    const rules = { nowMs: clock.now(), config };
    return controller
      .alterTokens(() => createToken({ owner, requester, renewers, maxLifetimeMs }, randomUuid(random), rules))
      .then((token) => ({
        ...refused(request, ErrorCode.NONE, requester),
        ...timesOf(token),
        tokenId: token.tokenId,
        hmac: delegationTokens.hmacOf(token.tokenId),
      }));
  },
  refuse: (request, errorCode) => refused(request, errorCode, ANONYMOUS),
});

function ownerOf({ ownerPrincipalType, ownerPrincipalName }: Request, requester: Principal): Principal {
  const name = ownerPrincipalName ?? '';
  return name === '' ? requester : { type: ownerPrincipalType ?? '', name };
}

function timesOf({ issueTimestamp, expirationTimestamp, maxTimestamp }: DelegationToken) {
  return {
    issueTimestampMs: issueTimestamp,
    expiryTimestampMs: expirationTimestamp,
    maxTimestampMs: maxTimestamp,
  };
}

function refused(request: Request, errorCode: number, requester: Principal): Response {
  const owner = ownerOf(request, requester);
  return {
    errorCode,
    principalType: owner.type,
    principalName: owner.name,
    tokenRequesterPrincipalType: requester.type,
    tokenRequesterPrincipalName: requester.name,
    issueTimestampMs: -1,
    expiryTimestampMs: -1,
    maxTimestampMs: -1,
    tokenId: '',
    hmac: Buffer.alloc(0),
  };
}
