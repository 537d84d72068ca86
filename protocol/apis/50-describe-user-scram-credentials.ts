import { api, array, int16, int32, int8, string } from '../schema.ts';

/** Says which SCRAM credentials users have, never the credentials themselves (KIP-554). */
export const DescribeUserScramCredentials = api(50, 'DescribeUserScramCredentials', {
  versions: '0',
  flexible: '0+',
  request: {
    /** null or empty: all. */
    users: array({ name: string }).nullable(),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: string.nullable(),
      credentialInfos: array({
        /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
});
