import { api, array, bytes, int16, int32, string } from '../schema.ts';

/** Carries the leader's assignment to the coordinator, and each member's part of it back. */
export const SyncGroup = api(14, 'SyncGroup', {
  versions: '0-5', // v3 static members (KIP-345); v4 flexible; v5 protocol type and name (KIP-559)
  flexible: '4+',
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.versions('3+').nullable().default(null),
    protocolType: string.versions('5+').nullable().default(null),
    protocolName: string.versions('5+').nullable().default(null),
    /** Filled by the leader, empty from the others. */
    assignments: array({ memberId: string, assignment: bytes }),
  },
  response: {
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16,
    protocolType: string.versions('5+').nullable().default(null),
    protocolName: string.versions('5+').nullable().default(null),
    assignment: bytes,
  },
});
