import { api, array, int16, int32, int8, string } from '../schema.ts';

/** Removes every ACL that matches one of the filters. */
export const DeleteAcls = api(31, 'DeleteAcls', {
  versions: '1-3', // v1 pattern types (KIP-290); v2 flexible; v3 user resources (KIP-373)
  flexible: '2+',
  request: {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: string.nullable(),
      /** 1 any, 2 all that match the name, 3 literal, 4 prefixed. */
      patternTypeFilter: int8.default(3),
      principalFilter: string.nullable(),
      hostFilter: string.nullable(),
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    filterResults: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      matchingAcls: array({
        errorCode: int16,
        errorMessage: string.nullable(),
        resourceType: int8,
        resourceName: string,
        patternType: int8.default(3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
});
