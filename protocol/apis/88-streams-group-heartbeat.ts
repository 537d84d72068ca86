import { api, array, bool, int16, int32, int53, int8, string, struct, uint16 } from '../schema.ts';

const keyValue = {
  key: string,
  value: string,
};

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
};

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int53,
};

const topicPartition = {
  topic: string,
  partitions: array(int32),
};

/** All of a Kafka Streams client's life in its group: topology, tasks, offsets (KIP-1071). */
export const StreamsGroupHeartbeat = api(88, 'StreamsGroupHeartbeat', {
  versions: '0-1', // v1 asks for the topology's description (KIP-1331)
  flexible: '0+',
  request: {
    groupId: string,
    memberId: string,
    /** 0 joins, -1 leaves, -2 leaves for a while as a static member. */
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    /** Sent when joining, null otherwise. */
    topology: struct({
      epoch: int32,
      subtopologies: array({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: array(topicInfo),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array(topicInfo),
        /** Topics that must have the same number of partitions, as places in the arrays above. */
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    })
      .nullable()
      .default(null),
    /** null, here and below: as in the last heartbeat. */
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    processId: string.nullable().default(null),
    userEndpoint: struct({ host: string, port: uint16 }).nullable().default(null),
    clientTags: array(keyValue).nullable().default(null),
    taskOffsets: array(taskOffset).nullable().default(null),
    taskEndOffsets: array(taskOffset).nullable().default(null),
    shutdownApplication: bool.default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLagLegacy: int32.versions('0'),
    taskOffsetIntervalMs: int32,
    /** How far behind a warm-up task may be to count as caught up; -1: unknown. */
    acceptableRecoveryLag: int53.versions('1+').default(-1),
    /** null: nothing to say. */
    status: array({ statusCode: int8, statusDetail: string }).nullable(),
    /** null, here and below: as they were. */
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    /** The client shall send the description of its topology (StreamsGroupTopologyDescriptionUpdate). */
    topologyDescriptionRequired: bool.versions('1+').default(false),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: array({
      userEndpoint: struct({ host: string, port: uint16 }),
      activePartitions: array(topicPartition),
      standbyPartitions: array(topicPartition),
    })
      .nullable()
      .default(null),
  },
});
