/** Would carry authentication on; a client of a listener without SASL is let in when it connects. */
import { SaslAuthenticate } from '../../protocol/apis/36-sasl-authenticate.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

const NOTHING = Buffer.alloc(0);

export const saslAuthenticate = handler(SaslAuthenticate, {
  handle: () => ({
    errorCode: ErrorCode.ILLEGAL_SASL_STATE,
    errorMessage: 'This listener needs no authentication: leave security.protocol at PLAINTEXT',
    authBytes: NOTHING,
  }),
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: null, authBytes: NOTHING }),
});
