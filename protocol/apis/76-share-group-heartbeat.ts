import { api, array, int16, int32, string, struct, uuid } from '../schema.ts';

/** All of a consumer's life in its share group (KIP-932). */
export const ShareGroupHeartbeat = api(76, 'ShareGroupHeartbeat', {
  versions: '1', // v0 was of a preview and is gone
  flexible: '0+',
  request: {
    groupId: string,
    memberId: string,
    /** 0 joins, -1 leaves. */
    memberEpoch: int32,
    rackId: string.nullable().default(null),
    /** null: as in the last heartbeat. */
    subscribedTopicNames: array(string).nullable().default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string.nullable().default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    /** null: as it was. */
    assignment: struct({
      topicPartitions: array({ topicId: uuid, partitions: array(int32) }),
    })
      .nullable()
      .default(null),
  },
});
