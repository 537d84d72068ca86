import { api, array, int16, int32, int53, string, uint16, uuid, ZERO_UUID } from '../schema.ts';

const replicaState = {
  replicaId: int32,
  replicaDirectoryId: uuid.versions('2+').default(ZERO_UUID),
  logEndOffset: int53,
  lastFetchTimestamp: int53.versions('1+').default(-1),
  lastCaughtUpTimestamp: int53.versions('1+').default(-1),
};

/** Shows how far voters and observers of the metadata log have come (KIP-595). */
export const DescribeQuorum = api(55, 'DescribeQuorum', {
  versions: '0-2', // v1 fetch times (KIP-836); v2 nodes and directories (KIP-853)
  flexible: '0+',
  request: {
    topics: array({
      topicName: string,
      partitions: array({ partitionIndex: int32 }),
    }),
  },
  response: {
    errorCode: int16,
    errorMessage: string.versions('2+').nullable().default(''),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.versions('2+').nullable().default(''),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int53,
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: array({
      nodeId: int32,
      listeners: array({ name: string, host: string, port: uint16 }),
    })
      .versions('2+')
      .default([]),
  },
});
