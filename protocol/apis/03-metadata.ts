import { api, array, bool, int16, int32, string, uuid, ZERO_UUID } from '../schema.ts';

/** Tells which brokers there are and who leads which partition; may create topics that are missing. */
export const Metadata = api(3, 'Metadata', {
  // v1 null asks for all topics; v4 says whether to create (KIP-4); v5 offline replicas (KIP-112); v7 leader epochs
  // (KIP-320); v8 authorized operations (KIP-430); v9 flexible; v10 topic ids (KIP-516); v13 an error for all
  // (KIP-1102)
  versions: '0-13',
  flexible: '9+',
  request: {
    /** null: all topics (in v0: an empty array). Empty: none. */
    topics: array({
      topicId: uuid.versions('10+').default(ZERO_UUID),
      name: string.nullable('10+'),
    }).nullable('1+'),
    allowAutoTopicCreation: bool.versions('4+').default(true),
    includeClusterAuthorizedOperations: bool.versions('8-10').default(false),
    includeTopicAuthorizedOperations: bool.versions('8+').default(false),
  },
  response: {
    throttleTimeMs: int32.versions('3+').default(0),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.versions('1+').nullable().default(null),
    }),
    clusterId: string.versions('2+').nullable().default(null),
    /** Under KRaft clients are told any broker, for all of them forward. */
    controllerId: int32.versions('1+').default(-1),
    topics: array({
      errorCode: int16,
      name: string.nullable('12+'),
      topicId: uuid.versions('10+').default(ZERO_UUID),
      isInternal: bool.versions('1+').default(false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.versions('7+').default(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: array(int32).versions('5+').default([]),
      }),
      /** A bit for each ACL operation; -2147483648 where not asked for. */
      topicAuthorizedOperations: int32.versions('8+').default(-2147483648),
    }),
    /** A bit for each ACL operation; -2147483648 where not asked for. */
    clusterAuthorizedOperations: int32.versions('8-10').default(-2147483648),
    errorCode: int16.versions('13+').default(0),
  },
});
