import { api, array, bool, int16, int32, string } from '../schema.ts';

/** Begins or cancels moving partitions to other brokers (KIP-455). */
export const AlterPartitionReassignments = api(45, 'AlterPartitionReassignments', {
  versions: '0-1', // v1 may forbid changing the replication factor (KIP-860)
  flexible: '0+',
  request: {
    timeoutMs: int32.default(60000),
    allowReplicationFactorChange: bool.versions('1+').default(true),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        /** null cancels. */
        replicas: array(int32).nullable().default(null),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    allowReplicationFactorChange: bool.versions('1+').default(true),
    errorCode: int16,
    errorMessage: string.nullable(),
    responses: array({
      name: string,
      partitions: array({ partitionIndex: int32, errorCode: int16, errorMessage: string.nullable() }),
    }),
  },
});
