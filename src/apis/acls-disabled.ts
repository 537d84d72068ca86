/** What the ACL APIs share where no authorizer is configured: all is allowed, and no rule is kept. */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest } from '../../protocol/reader.ts';

export const NO_AUTHORIZER = {
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: 'This broker has no authorizer: everybody may do everything, and there are no ACLs',
} as const;

/** Zero is Kafka's UNKNOWN, which no client may send; Kafka ends the connection too. */
export function checkKnown(codes: readonly number[]): void {
  if (codes.includes(0)) throw new InvalidRequest('an ACL holds 0, which stands for unknown');
}
