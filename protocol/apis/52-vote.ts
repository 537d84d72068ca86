import { api, array, bool, int16, int32, int53, string, uint16, uuid, ZERO_UUID } from '../schema.ts';

/** Asks for a vote in the election of the quorum's leader (KIP-595). */
export const Vote = api(52, 'Vote', {
  versions: '0-2', // v1 directories (KIP-853); v2 asking whether it would succeed first (KIP-996)
  flexible: '0+',
  request: {
    clusterId: string.nullable().default(null),
    voterId: int32.versions('1+').default(-1),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        replicaEpoch: int32,
        replicaId: int32,
        replicaDirectoryId: uuid.versions('1+').default(ZERO_UUID),
        voterDirectoryId: uuid.versions('1+').default(ZERO_UUID),
        lastOffsetEpoch: int32,
        lastOffset: int53,
        preVote: bool.versions('2+').default(false),
      }),
    }),
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
        voteGranted: bool,
      }),
    }),
    nodeEndpoints: array({ nodeId: int32, host: string, port: uint16 }).versions('1+').tagged(0),
  },
});
