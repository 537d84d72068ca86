import { api, array, bool, int16, int32, int53, string } from '../schema.ts';

/**
 * Tells which APIs the broker serves in which versions, and the cluster's features; the first request of nearly every
 * client.
 */
export const ApiVersions = api(18, 'ApiVersions', {
  // v3 flexible, client software (KIP-511), features (KIP-584); v4 features may begin at 0; v5 the cluster and node
  // that the client means to reach (KIP-1242). The response header never becomes flexible, for a client cannot know yet what
  // the broker speaks.
  versions: '0-5',
  flexible: '3+',
  request: {
    clientSoftwareName: string.versions('3+').default(''),
    clientSoftwareVersion: string.versions('3+').default(''),
    /** null, and node -1: the client does not know yet, or does not mind. */
    clusterId: string.versions('5+').nullable().default(null),
    nodeId: int32.versions('5+').default(-1),
  },
  response: {
    errorCode: int16,
    apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: int32.versions('1+').default(0),
    supportedFeatures: array({
      name: string,
      minVersion: int16,
      maxVersion: int16,
    })
      .versions('3+')
      .tagged(0),
    /** The metadata offset at which they were read; -1: unknown. */
    finalizedFeaturesEpoch: int53.versions('3+').tagged(1).default(-1),
    finalizedFeatures: array({
      name: string,
      maxVersionLevel: int16,
      minVersionLevel: int16,
    })
      .versions('3+')
      .tagged(2),
    zkMigrationReady: bool.versions('3+').tagged(3).default(false),
  },
});
