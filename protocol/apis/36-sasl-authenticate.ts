import { api, bytes, int16, int53, string } from '../schema.ts';

/** Carries one SASL token each way. */
export const SaslAuthenticate = api(36, 'SaslAuthenticate', {
  versions: '0-2', // v1 session lifetime (KIP-368); v2 flexible
  flexible: '2+',
  request: { authBytes: bytes },
  response: {
    errorCode: int16,
    errorMessage: string.nullable(),
    authBytes: bytes,
    /** Within which the client must authenticate again; 0: never. */
    sessionLifetimeMs: int53.versions('1+').default(0),
  },
});
