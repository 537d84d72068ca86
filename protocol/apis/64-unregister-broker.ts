import { api, int16, int32, string } from '../schema.ts';

/** Removes a broker's registration for good (KIP-631). */
export const UnregisterBroker = api(64, 'UnregisterBroker', {
  versions: '0',
  flexible: '0+',
  request: { brokerId: int32 },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  },
});
