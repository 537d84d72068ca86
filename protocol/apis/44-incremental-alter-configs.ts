import { api, array, bool, int16, int32, int8, string } from '../schema.ts';

/** Changes single configuration keys: set, delete, and for lists append and subtract (KIP-339). */
export const IncrementalAlterConfigs = api(44, 'IncrementalAlterConfigs', {
  versions: '0-1',
  flexible: '1+',
  request: {
    resources: array({
      /** 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. */
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        /** 0 set, 1 delete, 2 append, 3 subtract. */
        configOperation: int8,
        value: string.nullable(),
      }),
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
