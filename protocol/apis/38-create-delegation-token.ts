import { api, array, bytes, int16, int32, int53, string } from '../schema.ts';

/** Hands out a delegation token (KIP-48). */
export const CreateDelegationToken = api(38, 'CreateDelegationToken', {
  versions: '1-3', // v2 flexible; v3 on behalf of another owner (KIP-373)
  flexible: '2+',
  request: {
    /** null: the principal who asks. */
    ownerPrincipalType: string.versions('3+').nullable().default(''),
    ownerPrincipalName: string.versions('3+').nullable().default(''),
    renewers: array({ principalType: string, principalName: string }),
    /** -1: as the broker is configured. */
    maxLifetimeMs: int53,
  },
  response: {
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.versions('3+').default(''),
    tokenRequesterPrincipalName: string.versions('3+').default(''),
    issueTimestampMs: int53,
    expiryTimestampMs: int53,
    maxTimestampMs: int53,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32.default(0),
  },
});
