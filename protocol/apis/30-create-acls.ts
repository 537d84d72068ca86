import { api, array, int16, int32, int8, string } from '../schema.ts';

/** Adds ACLs. */
export const CreateAcls = api(30, 'CreateAcls', {
  versions: '1-3', // v1 pattern types (KIP-290); v2 flexible; v3 user resources (KIP-373)
  flexible: '2+',
  request: {
    creations: array({
      /** 2 topic, 3 group, 4 cluster, 5 transactional id, 6 delegation token, 7 user. */
      resourceType: int8,
      resourceName: string,
      /** 3 literal, 4 prefixed. */
      resourcePatternType: int8.default(3),
      principal: string,
      host: string,
      /**
       * 2 all, 3 read, 4 write, 5 create, 6 delete, 7 alter, 8 describe, 9 cluster action, 10 describe configs, 11
       * alter configs, 12 idempotent write, 13 create tokens, 14 describe tokens, 15 two-phase commit.
       */
      operation: int8,
      /** 2 deny, 3 allow. */
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({ errorCode: int16, errorMessage: string.nullable() }),
  },
});
