import { api, int16, int32, string } from '../schema.ts';

/** Keeps a member of a classic group alive, and tells it when the group rebalances. */
export const Heartbeat = api(12, 'Heartbeat', {
  versions: '0-4', // v1 throttles after answering; v3 static members (KIP-345); v4 flexible
  flexible: '4+',
  request: {
    groupId: string,
    /** The generation the member believes it is in. */
    generationId: int32,
    memberId: string,
    /** null for dynamic members. */
    groupInstanceId: string.versions('3+').nullable().default(null),
  },
  response: { throttleTimeMs: int32.versions('1+').default(0), errorCode: int16 },
});
