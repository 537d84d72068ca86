import { api, array, int16, int32, int8, string } from '../schema.ts';

/** Lists the resources that may have a configuration. */
export const ListConfigResources = api(74, 'ListConfigResources', {
  versions: '0-1', // v0 client metrics only (KIP-714); v1 any type (KIP-1142)
  flexible: '0+',
  request: {
    /** Empty: every type. */
    resourceTypes: array(int8).versions('1+').default([]),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    configResources: array({ resourceName: string, resourceType: int8.versions('1+').default(16) }),
  },
});
