import { api, array, bool, int16, int32, int8, string } from '../schema.ts';

/** Raises or lowers the finalized features of the cluster (KIP-584). */
export const UpdateFeatures = api(57, 'UpdateFeatures', {
  versions: '0-2', // v1 upgrade types, validateOnly; v2 one result for all
  flexible: '0+',
  request: {
    timeoutMs: int32.default(60000),
    featureUpdates: array({
      feature: string,
      /** 0 removes the feature. */
      maxVersionLevel: int16,
      allowDowngrade: bool.versions('0').default(false),
      /** 1 upgrade, 2 safe downgrade, 3 unsafe downgrade. */
      upgradeType: int8.versions('1+').default(1),
    }),
    validateOnly: bool.versions('1+').default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array({
      feature: string,
      errorCode: int16,
      errorMessage: string.nullable(),
    })
      .versions('0-1')
      .default([]),
  },
});
