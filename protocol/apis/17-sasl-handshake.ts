import { api, array, int16, string } from '../schema.ts';

/** Agrees on the SASL mechanism; after v0 the tokens follow as bare frames, after v1 in SaslAuthenticate. */
export const SaslHandshake = api(17, 'SaslHandshake', {
  versions: '0-1',
  flexible: 'none',
  request: { mechanism: string },
  response: { errorCode: int16, mechanisms: array(string) },
});
