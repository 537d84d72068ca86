import { api, bytes, int16, int32, int53 } from '../schema.ts';

/** Puts off the expiry of a delegation token (KIP-48). */
export const RenewDelegationToken = api(39, 'RenewDelegationToken', {
  versions: '1-2',
  flexible: '2+',
  request: { hmac: bytes, renewPeriodMs: int53 },
  response: {
    errorCode: int16,
    expiryTimestampMs: int53,
    throttleTimeMs: int32.default(0),
  },
});
