/** Tells tools that were given --bootstrap-controller the cluster's id and its controllers (KIP-919). */
import { DescribeCluster } from '../../../protocol/apis/60-describe-cluster.ts';
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import type { ResponseDraft } from '../../../protocol/schema.ts';
import type { ControllerNode } from '../../controllers/controller-node.ts';
import { clusterOperations, NOT_ASKED } from '../authorized-operations.ts';
import type { ControllerParts } from './controller-parts.ts';
import { handler } from '../handler.ts';
import { alter } from '../../security/needs.ts';

const BROKERS = 1;
const CONTROLLERS = 2;

type Response = ResponseDraft<typeof DescribeCluster>;

export const describeCluster = handler(DescribeCluster, {
  needs: () => alter.cluster(),
  handle: (request, { session, access }, { node }: ControllerParts) => {
    const { endpointType, includeClusterAuthorizedOperations } = request;
    if (endpointType === BROKERS) {
      return fail(
        ErrorCode.MISMATCHED_ENDPOINT_TYPE,
        'The request was sent to an endpoint of type CONTROLLER, but asks for those of type BROKER: use bootstrap.controllers.',
      );
    }
    if (endpointType !== CONTROLLERS) {
      return fail(
        ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
        `Unsupported endpoint type ${endpointType}: 2 stands for controllers.`,
      );
    }
    return {
      errorCode: ErrorCode.NONE,
      endpointType: CONTROLLERS,
      clusterId: node.clusterId,
      controllerId: node.leader?.nodeId ?? -1,
      brokers: controllersOn(node, session.listenerName),
      clusterAuthorizedOperations: includeClusterAuthorizedOperations
        ? clusterOperations(access, DescribeCluster.name)
        : NOT_ASKED,
    };
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

/** Those that are registered; where this process is not the active controller, itself and the active one. */
function controllersOn({ active, leader, registration }: ControllerNode, listener: string): Response['brokers'] {
  const endpointOf = (id: number, listeners: typeof registration.listeners) => {
    const { host, port } = listeners.find(({ name }) => name === listener) ?? listeners[0];
    return { brokerId: id, host, port };
  };
  if (active !== null) {
    return [...active.controller.image.controllers.values()].map(({ id, listeners }) => endpointOf(id, listeners));
  }
  const own = endpointOf(registration.id, registration.listeners);
  return leader === null ? [own] : [own, { brokerId: leader.nodeId, host: leader.host, port: leader.port }];
}

function fail(errorCode: number, message: string): Response {
  return { errorCode, errorMessage: message, clusterId: '', brokers: [] };
}
