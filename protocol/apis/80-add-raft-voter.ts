import { api, array, bool, int16, int32, string, uint16, uuid } from '../schema.ts';

/** Adds a voter to the quorum (KIP-853). */
export const AddRaftVoter = api(80, 'AddRaftVoter', {
  versions: '0-1', // v1 may answer before the change is committed
  flexible: '0+',
  request: {
    clusterId: string.nullable(),
    timeoutMs: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({ name: string, host: string, port: uint16 }),
    ackWhenCommitted: bool.versions('1+').default(true),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  },
});
