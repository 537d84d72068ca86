import { api, array, bytes, int16, int32, int53, string } from '../schema.ts';

/** Lists delegation tokens (KIP-48). */
export const DescribeDelegationToken = api(41, 'DescribeDelegationToken', {
  versions: '1-3', // v2 flexible; v3 who asked for the token (KIP-373)
  flexible: '2+',
  request: {
    /** null: all. */
    owners: array({ principalType: string, principalName: string }).nullable(),
  },
  response: {
    errorCode: int16,
    tokens: array({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: string.versions('3+').default(''),
      tokenRequesterPrincipalName: string.versions('3+').default(''),
      issueTimestamp: int53,
      expiryTimestamp: int53,
      maxTimestamp: int53,
      tokenId: string,
      hmac: bytes,
      renewers: array({ principalType: string, principalName: string }),
    }),
    throttleTimeMs: int32.default(0),
  },
});
