import { api, array, int16, int32, int8, string } from '../schema.ts';

/** Finds the broker that coordinates a group, a transactional id or a share partition. */
export const FindCoordinator = api(10, 'FindCoordinator', {
  versions: '0-6', // v1 key types; v3 flexible; v4 many keys at once (KIP-699); v6 share partitions (KIP-932)
  flexible: '3+',
  request: {
    key: string.versions('0-3').default(''),
    /** 0 group, 1 transactional id, 2 share partition (groupId:topicId:partition). */
    keyType: int8.versions('1+').default(0),
    coordinatorKeys: array(string).versions('4+').default([]),
  },
  response: {
    throttleTimeMs: int32.versions('1+').default(0),
    errorCode: int16.versions('0-3').default(0),
    errorMessage: string.versions('1-3').nullable().default(''),
    nodeId: int32.versions('0-3').default(0),
    host: string.versions('0-3').default(''),
    port: int32.versions('0-3').default(0),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: string.nullable(),
    })
      .versions('4+')
      .default([]),
  },
});
