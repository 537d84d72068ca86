import { api, bytes, int16 } from '../schema.ts';

/** Forwards a client's request to the controller, with the principal who sent it (KIP-590). */
export const Envelope = api(58, 'Envelope', {
  versions: '0',
  flexible: '0+',
  request: {
    /** The request as it came, header and all, without its size. */
    requestData: bytes,
    requestPrincipal: bytes.nullable(),
    clientHostAddress: bytes,
  },
  response: {
    /** The response, header and all; null on an error. */
    responseData: bytes.nullable().default(null),
    errorCode: int16,
  },
});
