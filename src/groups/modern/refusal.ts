/** What a client is told whose request is refused: nothing has changed. */
import { ErrorCode } from '../../../protocol/errors.ts';

export interface GroupRefusal {
  readonly errorCode: number;
  readonly errorMessage: string;
}

export function isRefusal(value: object): value is GroupRefusal {
  return 'errorMessage' in value && 'errorCode' in value && value.errorCode !== 0;
}

export function unknownMember(memberId: string): GroupRefusal {
  return { errorCode: ErrorCode.UNKNOWN_MEMBER_ID, errorMessage: `The group has no member '${memberId}'.` };
}

export function noCoordinator(errorCode: number): GroupRefusal {
  return { errorCode, errorMessage: 'The group has no coordinator here now.' };
}
