/** Begins authentication, which security/sasl/exchange.ts handles. Here it comes when the client may ask everything already. */
import { SaslHandshake } from '../../protocol/apis/17-sasl-handshake.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const saslHandshake = handler(SaslHandshake, {
  open: 'it comes before authorisation',
  handle: () => ({ errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] }),
  refuse: (_request, errorCode) => ({ errorCode, mechanisms: [] }),
});
