import { api, array, bool, int16, int32, int8, string, struct, uuid } from '../schema.ts';

const assignment = {
  topicPartitions: array({ topicId: uuid, topicName: string, partitions: array(int32) }),
};

/** Shows groups of the consumer protocol (KIP-848). */
export const ConsumerGroupDescribe = api(69, 'ConsumerGroupDescribe', {
  versions: '0-1', // v1 member type (KIP-1099)
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
        instanceId: string.nullable().default(null),
        rackId: string.nullable().default(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: string.nullable().default(null),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        /** -1 unknown, 0 classic, 1 consumer. */
        memberType: int8.versions('1+').default(-1),
      }),
      /** A bit for each ACL operation; -2147483648 where not asked for. */
      authorizedOperations: int32.default(-2147483648),
    }),
  },
});
