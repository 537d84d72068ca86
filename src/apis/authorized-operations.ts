/** The authorized operations of a client, a bit for each ACL operation (KIP-430). */
import { CLUSTER_NAME, Resource, SUPPORTED } from '../security/acls/codes.ts';
import type { Access } from '../security/access.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { describe } from '../security/needs.ts';

/** Kafka's value for a request that does not ask for them. */
export const NOT_ASKED = -2147483648;

export function topicOperations(access: Access | null, topic: string): number {
  return operationsOn(access, Resource.TOPIC, topic);
}

export function groupOperations(access: Access | null, groupId: string): number {
  return operationsOn(access, Resource.GROUP, groupId);
}

/** None, where the client may not even describe the cluster. */
export function clusterOperations(access: Access | null, apiName: string): number {
  const isShown = access === null || access.errorOf(describe.cluster(), apiName) === ErrorCode.NONE;
  return isShown ? operationsOn(access, Resource.CLUSTER, CLUSTER_NAME) : 0;
}

/** All there are, without an authorizer. */
function operationsOn(access: Access | null, resourceType: number, name: string): number {
  return access === null ? SUPPORTED[resourceType] : access.operationsOn(resourceType, name);
}
