/** Carries on authentication, which security/sasl/exchange.ts handles. Here it comes when the client may ask everything already. */
import { SaslAuthenticate } from '../../protocol/apis/36-sasl-authenticate.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

const NOTHING = Buffer.alloc(0);

export const saslAuthenticate = handler(SaslAuthenticate, {
  open: 'it comes before authorisation',
  handle: () => ({
    errorCode: ErrorCode.ILLEGAL_SASL_STATE,
    errorMessage: 'SaslAuthenticate request received after successful authentication',
    authBytes: NOTHING,
  }),
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode), authBytes: NOTHING }),
});
