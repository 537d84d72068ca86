import { api, array, int16, int32, int53, records, string, struct, uint16, uuid } from '../schema.ts';

/** Reads a piece of a snapshot of the metadata log (KIP-630). */
export const FetchSnapshot = api(59, 'FetchSnapshot', {
  versions: '0-1', // v1 directories (KIP-853)
  flexible: '0+',
  request: {
    clusterId: string.nullable().tagged(0).default(null),
    replicaId: int32.default(-1),
    maxBytes: int32.default(0x7fff_ffff),
    topics: array({
      name: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32,
        snapshotId: struct({ endOffset: int53, epoch: int32 }),
        position: int53,
        replicaDirectoryId: uuid.versions('1+').tagged(0),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    topics: array({
      name: string,
      partitions: array({
        index: int32,
        errorCode: int16,
        snapshotId: struct({ endOffset: int53, epoch: int32 }),
        currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }).tagged(0),
        size: int53,
        position: int53,
        unalignedRecords: records,
      }),
    }),
    nodeEndpoints: array({ nodeId: int32, host: string, port: uint16 }).versions('1+').tagged(0),
  },
});
