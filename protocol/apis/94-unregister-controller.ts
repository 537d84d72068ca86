import { api, int16, int32, string } from '../schema.ts';

/** Removes a controller's registration for good. */
export const UnregisterController = api(94, 'UnregisterController', {
  versions: '0',
  flexible: '0+',
  request: { controllerId: int32 },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  },
});
