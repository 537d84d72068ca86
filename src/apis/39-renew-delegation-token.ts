/** Puts off the expiry of a delegation token (KIP-48). */
import { RenewDelegationToken } from '../../protocol/apis/39-renew-delegation-token.ts';
import { renewToken } from '../security/tokens/alteration.ts';
import { handler } from './handler.ts';
import { alterExpiry, ofTokenOwners, type ExpiryParts } from './token-expiry.ts';

export const renewDelegationToken = handler(RenewDelegationToken, {
  ...ofTokenOwners,
  handle: ({ hmac, renewPeriodMs }, { session }, parts: ExpiryParts) =>
    alterExpiry(hmac, parts, (token, rules) => renewToken(token, renewPeriodMs, session.principal, rules)),
});
