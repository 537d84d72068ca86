import { api, array, int16, int32, string, uint16, uuid } from '../schema.ts';

/** Tells the voters of the quorum that their leader steps down (KIP-595). */
export const EndQuorumEpoch = api(54, 'EndQuorumEpoch', {
  versions: '0-1', // v1 flexible, directories (KIP-853)
  flexible: '1+',
  request: {
    clusterId: string.nullable().default(null),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32,
        preferredSuccessors: array(int32).versions('0').default([]),
        preferredCandidates: array({
          candidateId: int32,
          candidateDirectoryId: uuid,
        })
          .versions('1+')
          .default([]),
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
