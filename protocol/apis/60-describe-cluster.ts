import { api, array, bool, int16, int32, int8, string } from '../schema.ts';

/** Tells the cluster's id and nodes (KIP-700). */
export const DescribeCluster = api(60, 'DescribeCluster', {
  versions: '0-2', // v1 controllers too (KIP-919); v2 fenced brokers (KIP-1073)
  flexible: '0+',
  request: {
    includeClusterAuthorizedOperations: bool,
    /** 1 brokers, 2 controllers. */
    endpointType: int8.versions('1+').default(1),
    includeFencedBrokers: bool.versions('2+').default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    endpointType: int8.versions('1+').default(1),
    clusterId: string,
    controllerId: int32.default(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: string.nullable().default(null),
      isFenced: bool.versions('2+').default(false),
    }),
    clusterAuthorizedOperations: int32.default(-2147483648),
  },
});
