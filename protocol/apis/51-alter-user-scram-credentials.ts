import { api, array, bytes, int16, int32, int8, string } from '../schema.ts';

/** Sets and removes SCRAM credentials (KIP-554). */
export const AlterUserScramCredentials = api(51, 'AlterUserScramCredentials', {
  versions: '0',
  flexible: '0+',
  request: {
    deletions: array({
      name: string,
      /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({ user: string, errorCode: int16, errorMessage: string.nullable() }),
  },
});
