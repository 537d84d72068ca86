import { api, array, bool, bytes, int16, int32, string } from '../schema.ts';

/** Enters a classic group, and waits until its members have gathered. */
export const JoinGroup = api(11, 'JoinGroup', {
  // v1 rebalance timeout; v4 a new member is sent back once with its id (KIP-394); v5 static members (KIP-345); v6
  // flexible; v7 protocol type (KIP-559); v8 reason (KIP-800); v9 the leader may skip assigning (KIP-814)
  versions: '0-9',
  flexible: '6+',
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    /** How long members have to join again; in v0 it is the session timeout. */
    rebalanceTimeoutMs: int32.versions('1+').default(-1),
    /** Empty on the first try. */
    memberId: string,
    groupInstanceId: string.versions('5+').nullable().default(null),
    /** consumer, connect, or whatever else its members agree on. */
    protocolType: string,
    /** In order of preference. */
    protocols: array({ name: string, metadata: bytes }),
    reason: string.versions('8+').nullable().default(null),
  },
  response: {
    throttleTimeMs: int32.versions('2+').default(0),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: string.versions('7+').nullable().default(null),
    protocolName: string.nullable('7+'),
    leader: string,
    /** The leader shall take note of the members but assign nothing: the assignment stands (KIP-814). */
    skipAssignment: bool.versions('9+').default(false),
    memberId: string,
    /** Filled for the leader only. */
    members: array({
      memberId: string,
      groupInstanceId: string.versions('5+').nullable().default(null),
      metadata: bytes,
    }),
  },
});
