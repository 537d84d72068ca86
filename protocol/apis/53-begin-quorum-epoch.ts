import { api, array, int16, int32, string, uint16, uuid, ZERO_UUID } from '../schema.ts';

/** Tells the voters of the quorum who their new leader is (KIP-595). */
export const BeginQuorumEpoch = api(53, 'BeginQuorumEpoch', {
  versions: '0-1', // v1 flexible, directories (KIP-853)
  flexible: '1+',
  request: {
    clusterId: string.nullable().default(null),
    voterId: int32.versions('1+').default(-1),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        voterDirectoryId: uuid.versions('1+').default(ZERO_UUID),
        leaderId: int32,
        leaderEpoch: int32,
      }),
    }),
    leaderEndpoints: array({ name: string, host: string, port: uint16 }).versions('1+').default([]),
  },
  response: {
    errorCode: int16,
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        leaderId: int32,
        leaderEpoch: int32,
      }),
    }),
    nodeEndpoints: array({ nodeId: int32, host: string, port: uint16 }).versions('1+').tagged(0),
  },
});
