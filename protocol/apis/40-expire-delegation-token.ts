import { api, bytes, int16, int32, int53 } from '../schema.ts';

/** Brings forward the expiry of a delegation token; a negative period ends it at once (KIP-48). */
export const ExpireDelegationToken = api(40, 'ExpireDelegationToken', {
  versions: '1-2',
  flexible: '2+',
  request: { hmac: bytes, expiryTimePeriodMs: int53 },
  response: {
    errorCode: int16,
    expiryTimestampMs: int53,
    throttleTimeMs: int32.default(0),
  },
});
