import { api, array, bool, bytes, int16, int32, string } from '../schema.ts';

/** Shows classic groups with their members. */
export const DescribeGroups = api(15, 'DescribeGroups', {
  // v3 authorized operations (KIP-430); v4 static members (KIP-345); v5 flexible; v6 an error for a group that is not
  // (KIP-1043)
  versions: '0-6',
  flexible: '5+',
  request: {
    groups: array(string),
    includeAuthorizedOperations: bool.versions('3+').default(false),
  },
  response: {
    throttleTimeMs: int32.versions('1+').default(0),
    groups: array({
      errorCode: int16,
      errorMessage: string.versions('6+').nullable().default(null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: string.versions('4+').nullable().default(null),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      /** A bit for each ACL operation; -2147483648 where not asked for. */
      authorizedOperations: int32.versions('3+').default(-2147483648),
    }),
  },
});
