import { api, array, bool, int16, int32, int8, string } from '../schema.ts';

/** Replaces a resource's whole configuration; IncrementalAlterConfigs took its place. */
export const AlterConfigs = api(33, 'AlterConfigs', {
  versions: '0-2',
  flexible: '2+',
  request: {
    resources: array({
      /** 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. */
      resourceType: int8,
      resourceName: string,
      configs: array({ name: string, value: string.nullable() }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    responses: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
    }),
  },
});
