import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { ANONYMOUS, user } from '../../src/security/principal.ts';
import { tokenRequestError } from '../../src/security/tokens.ts';
import { sessionOf } from '../apis/request-context.ts';

const NOT_ALLOWED = ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED;
const OFF = ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED;

test.each([
  ['PLAINTEXT', ANONYMOUS, NOT_ALLOWED],
  ['SSL', ANONYMOUS, NOT_ALLOWED],
  ['SSL', user('alice'), OFF],
  ['SASL_PLAINTEXT', user('alice'), OFF],
  ['SASL_SSL', { ...user('alice'), tokenAuthenticated: true }, NOT_ALLOWED],
] as const)('over %s, %o is told %d', (securityProtocol, principal, error) => {
  expect(tokenRequestError(sessionOf({ securityProtocol, principal }))).toBe(error);
});
