/** The ACLs of a cluster. */
import { DescribeAcls } from '../../../protocol/apis/29-describe-acls.ts';
import { CreateAcls } from '../../../protocol/apis/30-create-acls.ts';
import { DeleteAcls } from '../../../protocol/apis/31-delete-acls.ts';
import { Operation, Pattern, Permission, Resource } from '../../security/acls/codes.ts';
import type { Acl } from '../../security/acls/lines.ts';
import type { Cluster } from './cluster.ts';
import { refuse } from './failure.ts';

const EVERYTHING = {
  resourceTypeFilter: Resource.ANY,
  resourceNameFilter: null,
  patternTypeFilter: Pattern.ANY,
  principalFilter: null,
  hostFilter: null,
  operation: Operation.ANY,
  permissionType: Permission.ANY,
};

/** `principal`: 'User:alice'; null: of everybody. */
export async function listAcls(cluster: Cluster, principal: string | null): Promise<Acl[]> {
  const answer = await cluster.sendAny(DescribeAcls, { ...EVERYTHING, principalFilter: principal });
  refuse('the ACLs', answer.errorCode, answer.errorMessage);
  return answer.resources.flatMap(({ resourceType, resourceName, patternType, acls }) =>
    acls.map((acl) => ({ resourceType, resourceName, patternType, ...acl })),
  );
}

export async function addAcl(cluster: Cluster, { patternType, ...acl }: Acl): Promise<void> {
  const creations = [{ ...acl, resourcePatternType: patternType }];
  await cluster.sendToController(CreateAcls, { creations }, ({ results }) => {
    for (const { errorCode, errorMessage } of results) refuse('the ACL', errorCode, errorMessage);
  });
}

/** How many were there. */
export async function removeAcl(cluster: Cluster, acl: Acl): Promise<number> {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
  const filter = {
    resourceTypeFilter: resourceType,
    resourceNameFilter: resourceName,
    patternTypeFilter: patternType,
    principalFilter: principal,
    hostFilter: host,
    operation,
    permissionType,
  };
  const { filterResults } = await cluster.sendToController(DeleteAcls, { filters: [filter] }, (answer) => {
    for (const { errorCode, errorMessage } of answer.filterResults) refuse('the ACL', errorCode, errorMessage);
  });
  return filterResults.reduce((sum, { matchingAcls }) => sum + matchingAcls.length, 0);
}
