/** Lists ACLs. Without an authorizer the answer is SECURITY_DISABLED, from which tools know it. */
import { DescribeAcls } from '../../protocol/apis/29-describe-acls.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import type { ResponseDraft } from '../../protocol/schema.ts';
import type { AccessControlEntry } from '../cluster/image.ts';
import { eachInPieces, type Pieces } from '../platform/pieces.ts';
import { filterFault, fits, type AclFilter } from '../security/acls/filter.ts';
import { checkKnown, NO_AUTHORIZER } from './acl-request.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { describe } from '../security/needs.ts';

type Resource = ResponseDraft<typeof DescribeAcls>['resources'][number];

export const describeAcls = handler(DescribeAcls, {
  needs: () => describe.cluster(),
  *handle(request, { access }, { metadata }: Parts<'metadata'>) {
    const { resourceTypeFilter, patternTypeFilter, operation, permissionType } = request;
    checkKnown([resourceTypeFilter, patternTypeFilter, operation, permissionType]);
    if (access === null) {
      return { ...NO_AUTHORIZER, errorMessage: 'No Authorizer is configured on the broker', resources: [] };
    }
    const fault = filterFault(request);
    if (fault !== null) return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: fault, resources: [] };
    const resources = yield* matching(request, metadata.image.accessControlEntries.values());
    return { errorCode: ErrorCode.NONE, errorMessage: '', resources };
  },
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode), resources: [] }),
});

/** By the pattern of resources that they are about. */
function* matching(filter: AclFilter, entries: Iterable<AccessControlEntry>): Pieces<Resource[]> {
  const resources = new Map<string, { resource: Resource; acls: Resource['acls'][number][] }>();
  yield* eachInPieces(entries, (entry) => {
    if (!fits(entry, filter)) return;
    const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = entry;
    const key = `${resourceType}:${patternType}:${resourceName}`;
    let found = resources.get(key);
    if (found === undefined) {
      const acls: Resource['acls'][number][] = [];
      resources.set(key, (found = { resource: { resourceType, resourceName, patternType, acls }, acls }));
    }
    found.acls.push({ principal, host, operation, permissionType });
  });
  return Array.from(resources.values(), ({ resource }) => resource);
}
