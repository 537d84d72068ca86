import { api, array, bool, int16, int32, int53, int8, string, struct, uint16 } from '../schema.ts';
import { topologyDescription } from './streams-topology.ts';

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

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int53,
};

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

const assignment = {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
};

/** Shows streams groups (KIP-1071). */
export const StreamsGroupDescribe = api(89, 'StreamsGroupDescribe', {
  versions: '0-1', // v1 the topology's description (KIP-1331), the assignor (KIP-1357)
  flexible: '0+',
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
    includeTopologyDescription: bool.versions('1+').default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      topology: struct({
        epoch: int32,
        subtopologies: array({
          subtopologyId: string,
          sourceTopics: array(string),
          repartitionSinkTopics: array(string),
          stateChangelogTopics: array(topicInfo),
          repartitionSourceTopics: array(topicInfo),
        })
          .nullable()
          .default(null),
      })
        .nullable()
        .default(null),
      members: array({
        memberId: string,
        memberEpoch: int32,
        instanceId: string.nullable().default(null),
        rackId: string.nullable().default(null),
        clientId: string,
        clientHost: string,
        topologyEpoch: int32,
        processId: string,
        userEndpoint: struct({ host: string, port: uint16 }).nullable().default(null),
        clientTags: array(keyValue),
        taskOffsets: array(taskOffset),
        taskEndOffsets: array(taskOffset),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        isClassic: bool,
      }),
      /** A bit for each ACL operation; -2147483648 where not asked for. */
      authorizedOperations: int32.default(-2147483648),
      topologyDescription: struct(topologyDescription).versions('1+').nullable().default(null),
      /** 0 not asked for, 1 none is stored, 2 it could not be fetched, 3 here it is. */
      topologyDescriptionStatus: int8.versions('1+').default(0),
      /** The one that the next assignment is made by; null with an error. */
      assignorName: string.versions('1+').nullable().default(null),
    }),
  },
});
