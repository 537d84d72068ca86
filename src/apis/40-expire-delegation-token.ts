/** Brings the expiry of a delegation token forward, or ends it (KIP-48). */
import { ExpireDelegationToken } from '../../protocol/apis/40-expire-delegation-token.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { expireToken } from '../security/tokens/alteration.ts';
import { tokenRequestError } from '../security/tokens/requester.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const expireDelegationToken = handler(ExpireDelegationToken, {
  open: 'owners and renewers of a token may',
  forwarded: true,
  atBroker(_request, { session }) {
    const errorCode = tokenRequestError(session);
    return errorCode === ErrorCode.NONE ? null : refused(errorCode);
  },
  handle: (
    { hmac, expiryTimePeriodMs },
    { session },
    { controller, delegationTokens, clock, config }: Parts<'controller' | 'delegationTokens' | 'clock' | 'config'>,
  ) => {
    if (delegationTokens === null) return refused(ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED);
    const sought = Buffer.from(hmac); // the frame's bytes are another request's soon
    const rules = { nowMs: clock.now(), config };
    return controller.alterTokens(({ delegationTokens: tokens }) =>
      expireToken(delegationTokens.find(tokens, sought), expiryTimePeriodMs, session.principal, rules),
    );
  },
  refuse: (_request, errorCode) => refused(errorCode),
});

function refused(errorCode: number) {
  return { errorCode, expiryTimestampMs: -1 };
}
