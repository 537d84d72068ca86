/** Tells a client the cluster's id and its brokers (KIP-700). */
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { ResponseDraft } from '../../protocol/schema.ts';
import { clusterOperations, NOT_ASKED } from './authorized-operations.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { brokersOn } from './topic-view.ts';
import { describe } from '../security/needs.ts';

const BROKERS = 1;
const CONTROLLERS = 2;

export const describeCluster = handler(DescribeCluster, {
  open: 'everybody may know the brokers; which operations a client may ask for is its own',
  byHand: [describe.cluster()],
  handle: (request, { session, access }, { nodeId, metadata }: Parts<'nodeId' | 'metadata'>) => {
    const { endpointType, includeClusterAuthorizedOperations, includeFencedBrokers } = request;
    if (endpointType === CONTROLLERS) {
      return fail(
        ErrorCode.MISMATCHED_ENDPOINT_TYPE,
        'The request was sent to an endpoint of type BROKER, but asks for those of type CONTROLLER: use bootstrap.servers.',
      );
    }
    if (endpointType !== BROKERS) {
      return fail(
        ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
        `Unsupported endpoint type ${endpointType}: 1 stands for brokers.`,
      );
    }
    const { image } = metadata;
    return {
      errorCode: ErrorCode.NONE,
      clusterId: image.clusterId,
      controllerId: nodeId,
      brokers: brokersOn(image, session.listenerName, includeFencedBrokers).map(({ nodeId: brokerId, ...rest }) => ({
        brokerId,
        ...rest,
      })),
      clusterAuthorizedOperations: includeClusterAuthorizedOperations
        ? clusterOperations(access, DescribeCluster.name)
        : NOT_ASKED,
    };
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

function fail(errorCode: number, message: string): ResponseDraft<typeof DescribeCluster> {
  return { errorCode, errorMessage: message, clusterId: '', brokers: [] };
}
