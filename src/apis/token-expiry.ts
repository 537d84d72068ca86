/** What the requests that move the expiry of a delegation token have in common: who may ask, and how the token is found (KIP-48). */
import { ErrorCode } from '../../protocol/errors.ts';
import type { DelegationToken } from '../cluster/image.ts';
import type { ExpiryResult, TokenAlteration, TokenRules } from '../security/tokens/alteration.ts';
import { tokenRequestError } from '../security/tokens/requester.ts';
import type { Parts } from './broker-parts.ts';
import type { RequestContext } from './request-context.ts';

export type ExpiryParts = Parts<'controller' | 'delegationTokens' | 'clock' | 'config'>;

export const ofTokenOwners = {
  open: 'owners and renewers of a token may',
  forwarded: true,
  atBroker(_request: unknown, { session }: RequestContext) {
    const errorCode = tokenRequestError(session);
    return errorCode === ErrorCode.NONE ? null : refused(errorCode);
  },
  refuse: (_request: unknown, errorCode: number) => refused(errorCode),
} as const;

/** `alter`: what becomes of the token with this HMAC; undefined where there is none. */
export function alterExpiry(
  hmac: Uint8Array,
  { controller, delegationTokens, clock, config }: ExpiryParts,
  alter: (token: DelegationToken | undefined, rules: TokenRules) => TokenAlteration<ExpiryResult>,
): ExpiryResult | Promise<ExpiryResult> {
  if (delegationTokens === null) return refused(ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED);
  const sought = Buffer.from(hmac); // the frame's bytes are another request's soon
  const rules = { nowMs: clock.now(), config };
  return controller.alterTokens(({ delegationTokens: tokens }) => alter(delegationTokens.find(tokens, sought), rules));
}

function refused(errorCode: number): ExpiryResult {
  return { errorCode, expiryTimestampMs: -1 };
}
