/** What the ACL APIs share where no authorizer is configured: every request is allowed, and no ACLs are stored. */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest } from '../../protocol/reader.ts';

export const NO_AUTHORIZER = {
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: 'This broker has no authorizer: every request is allowed, and there are no ACLs',
} as const;

/** A client may not send 0, Kafka's UNKNOWN. Kafka closes the connection too. */
export function checkKnown(codes: readonly number[]): void {
  if (codes.includes(0)) throw new InvalidRequest('an ACL has a field of 0, which means unknown');
}
