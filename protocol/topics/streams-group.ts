/** Records of __consumer_offsets: groups of Kafka Streams (KIP-1071). */
import { array, int16, int32, int53, int64, int8, message, string, struct, uint16 } from '../schema.ts';

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

const ownedTasks = {
  subtopologyId: string,
  partitions: array(int32),
  assignmentEpochs: array(int32).nullable().tagged(0),
};

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array({ key: string, value: string }),
};

/** The group and its epoch. */
export const StreamsGroupMetadataKey = message(
  'StreamsGroupMetadataKey',
  {
    apiKey: 17,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const StreamsGroupMetadataValue = message(
  'StreamsGroupMetadataValue',
  {
    apiKey: 17,
    versions: '0',
    flexible: '0+',
  },
  {
    epoch: int32,
    /** Of the topics of the topology; only ever compared, hence all 64 bits (KIP-1101). */
    metadataHash: int64,
    validatedTopologyEpoch: int32.tagged(0).default(-1),
    lastAssignmentConfigs: array({ key: string, value: string }).nullable().tagged(1),
    /** The topology whose description the plugin has (KIP-1331); -1 none, -2 unknown. */
    storedDescriptionTopologyEpoch: int32.tagged(2).default(-1),
    /** The topology whose description the plugin has refused for good; -1 none. */
    failedDescriptionTopologyEpoch: int32.tagged(3).default(-1),
  },
);

/** A member: who and where it is. */
export const StreamsGroupMemberMetadataKey = message(
  'StreamsGroupMemberMetadataKey',
  {
    apiKey: 19,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const StreamsGroupMemberMetadataValue = message(
  'StreamsGroupMemberMetadataValue',
  {
    apiKey: 19,
    versions: '0',
    flexible: '0+',
  },
  {
    instanceId: string.nullable(),
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    rebalanceTimeoutMs: int32.default(-1),
    topologyEpoch: int32,
    processId: string,
    userEndpoint: struct({ host: string, port: uint16 }).nullable().default(null),
    clientTags: array({ key: string, value: string }),
  },
);

/** The epoch of the target assignment. */
export const StreamsGroupTargetAssignmentMetadataKey = message(
  'StreamsGroupTargetAssignmentMetadataKey',
  {
    apiKey: 20,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const StreamsGroupTargetAssignmentMetadataValue = message(
  'StreamsGroupTargetAssignmentMetadataValue',
  {
    apiKey: 20,
    versions: '0',
    flexible: '0+',
  },
  {
    assignmentEpoch: int32,
    assignmentTimestamp: int53.tagged(0).default(0),
  },
);

/** The tasks a member shall have. */
export const StreamsGroupTargetAssignmentMemberKey = message(
  'StreamsGroupTargetAssignmentMemberKey',
  {
    apiKey: 21,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const StreamsGroupTargetAssignmentMemberValue = message(
  'StreamsGroupTargetAssignmentMemberValue',
  {
    apiKey: 21,
    versions: '0',
    flexible: '0+',
  },
  {
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
  },
);

/** The tasks a member has. */
export const StreamsGroupCurrentMemberAssignmentKey = message(
  'StreamsGroupCurrentMemberAssignmentKey',
  {
    apiKey: 22,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const StreamsGroupCurrentMemberAssignmentValue = message(
  'StreamsGroupCurrentMemberAssignmentValue',
  {
    apiKey: 22,
    versions: '0',
    flexible: '0+',
  },
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    /** 0 stable, 1 has tasks to give up, 2 waits for others to give theirs up. */
    state: int8,
    activeTasks: array(ownedTasks),
    standbyTasks: array(ownedTasks),
    warmupTasks: array(ownedTasks),
    activeTasksPendingRevocation: array(ownedTasks),
    standbyTasksPendingRevocation: array(ownedTasks),
    warmupTasksPendingRevocation: array(ownedTasks),
  },
);

/** The topology that all members run. */
export const StreamsGroupTopologyKey = message(
  'StreamsGroupTopologyKey',
  {
    apiKey: 23,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const StreamsGroupTopologyValue = message(
  'StreamsGroupTopologyValue',
  {
    apiKey: 23,
    versions: '0',
    flexible: '0+',
  },
  {
    epoch: int32,
    subtopologies: array({
      subtopologyId: string,
      sourceTopics: array(string),
      sourceTopicRegex: array(string),
      stateChangelogTopics: array(topicInfo),
      repartitionSinkTopics: array(string),
      repartitionSourceTopics: array(topicInfo),
      copartitionGroups: array({
        sourceTopics: array(int16),
        sourceTopicRegex: array(int16),
        repartitionSourceTopics: array(int16),
      }),
    }),
  },
);
