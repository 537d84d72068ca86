import { api, array, bool, int16, int32, string, struct, uuid } from '../schema.ts';

/** Shows share groups (KIP-932). */
export const ShareGroupDescribe = api(77, 'ShareGroupDescribe', {
  versions: '1', // v0 was of a preview and is gone
  flexible: '0+',
  request: { groupIds: array(string), includeAuthorizedOperations: bool },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        rackId: string.nullable().default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        assignment: struct({
          topicPartitions: array({ topicId: uuid, topicName: string, partitions: array(int32) }),
        }),
      }),
      /** A bit for each ACL operation; -2147483648 where not asked for. */
      authorizedOperations: int32.default(-2147483648),
    }),
  },
});
