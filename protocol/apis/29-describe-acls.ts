import { api, array, int16, int32, int8, string } from '../schema.ts';

/** Lists the ACLs that match a filter. */
export const DescribeAcls = api(29, 'DescribeAcls', {
  versions: '1-3', // v1 pattern types (KIP-290); v2 flexible; v3 user resources (KIP-373)
  flexible: '2+',
  request: {
    /** 1 any, 2 topic, 3 group, 4 cluster, 5 transactional id, 6 delegation token, 7 user. */
    resourceTypeFilter: int8,
    resourceNameFilter: string.nullable(),
    /** 1 any, 2 all that match the name, 3 literal, 4 prefixed. */
    patternTypeFilter: int8.default(3),
    principalFilter: string.nullable(),
    hostFilter: string.nullable(),
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8.default(3),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
});
