/** What the ACL APIs share: what they answer where no authorizer is configured, and codes that no request may have. */
import { ErrorCode } from '../../protocol/errors.ts';
import { InvalidRequest } from '../../protocol/reader.ts';

/** Kafka's sentence for each entry of a request; DescribeAcls has another. */
export const NO_AUTHORIZER = {
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: 'No Authorizer is configured.',
} as const;

/** A client may not send 0, Kafka's UNKNOWN. Kafka closes the connection too. */
export function checkKnown(codes: readonly number[]): void {
  if (codes.includes(0)) throw new InvalidRequest('an ACL has a field of 0, which means unknown');
}
