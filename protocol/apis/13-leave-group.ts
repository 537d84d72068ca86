import { api, array, int16, int32, string } from '../schema.ts';

/** Takes members out of a classic group, or static members by their instance ids. */
export const LeaveGroup = api(13, 'LeaveGroup', {
  versions: '0-5', // v3 many members (KIP-345); v4 flexible; v5 reason (KIP-800)
  flexible: '4+',
  request: {
    groupId: string,
    /** Alone up to v2; afterwards in members. */
    memberId: string.versions('0-2').default(''),
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().default(null),
      reason: string.versions('5+').nullable().default(null),
    })
      .versions('3+')
      .default([]),
  },
  response: {
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16,
    members: array({
      memberId: string,
      groupInstanceId: string.nullable(),
      errorCode: int16,
    })
      .versions('3+')
      .default([]),
  },
});
