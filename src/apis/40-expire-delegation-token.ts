/** Brings the expiry of a delegation token forward, or ends it (KIP-48). */
import { ExpireDelegationToken } from '../../protocol/apis/40-expire-delegation-token.ts';
import { expireToken } from '../security/tokens/alteration.ts';
import { handler } from './handler.ts';
import { alterExpiry, ofTokenOwners, type ExpiryParts } from './token-expiry.ts';

export const expireDelegationToken = handler(ExpireDelegationToken, {
  ...ofTokenOwners,
  handle: ({ hmac, expiryTimePeriodMs }, { session }, parts: ExpiryParts) =>
    alterExpiry(hmac, parts, (token, rules) => expireToken(token, expiryTimePeriodMs, session.principal, rules)),
});
