/** Carries on authentication. A listener without SASL refuses it. */
import { SaslAuthenticate } from '../../protocol/apis/36-sasl-authenticate.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

const NOTHING = Buffer.alloc(0);

export const saslAuthenticate = handler(SaslAuthenticate, {
  open: 'it comes before authorisation',
  handle: () => ({
    errorCode: ErrorCode.ILLEGAL_SASL_STATE,
    errorMessage: 'This listener does not authenticate clients: set security.protocol to PLAINTEXT',
    authBytes: NOTHING,
  }),
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: null, authBytes: NOTHING }),
});
