import { api, array, int16, int32, string, struct, uuid } from '../schema.ts';

/**
 * All of a consumer's life in its group: joining, subscribing, taking up and giving up partitions, leaving (KIP-848).
 */
export const ConsumerGroupHeartbeat = api(68, 'ConsumerGroupHeartbeat', {
  versions: '0-1', // v1 subscribes by regular expression, and the consumer makes its own member id (KIP-1082)
  flexible: '0+',
  request: {
    groupId: string,
    memberId: string,
    /** 0 joins, -1 leaves, -2 leaves for a while as a static member. */
    memberEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    /** -1: as in the last heartbeat. */
    rebalanceTimeoutMs: int32.default(-1),
    /** null: as in the last heartbeat. */
    subscribedTopicNames: array(string).nullable().default(null),
    /** RE2; null: as in the last heartbeat. */
    subscribedTopicRegex: string.versions('1+').nullable().default(null),
    /** null: as in the last heartbeat, or the group's choice. */
    serverAssignor: string.nullable().default(null),
    /** What the member owns; null: as in the last heartbeat. */
    topicPartitions: array({ topicId: uuid, partitions: array(int32) })
      .nullable()
      .default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    /** Filled where the broker made it (v0). */
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
