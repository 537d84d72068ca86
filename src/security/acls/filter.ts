/** Which ACLs a filter means, as DescribeAcls and DeleteAcls have it. PURE. */
import type { AccessControlEntry } from '../../cluster/image.ts';
import { EVERY_NAME, Operation, Pattern, Permission, Resource } from './codes.ts';

/** Null, and ANY, fit everything. */
export interface AclFilter {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  /** MATCH: patterns that a resource of the name fits. */
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

export function fits(entry: AccessControlEntry, filter: AclFilter): boolean {
  return (
    isCode(filter.resourceTypeFilter, Resource.ANY, entry.resourceType) &&
    isCode(filter.operation, Operation.ANY, entry.operation) &&
    isCode(filter.permissionType, Permission.ANY, entry.permissionType) &&
    isText(filter.principalFilter, entry.principal) &&
    isText(filter.hostFilter, entry.host) &&
    isName(filter, entry)
  );
}

/** Why there can be no such filter; null where there can. */
export function filterFault(filter: AclFilter): string | null {
  const { resourceTypeFilter, patternTypeFilter, operation, permissionType } = filter;
  if (!hasName(Resource, resourceTypeFilter) || !hasName(Pattern, patternTypeFilter)) return 'Unknown patternFilter.';
  return hasName(Operation, operation) && hasName(Permission, permissionType) ? null : 'Unknown entryFilter.';
}

function hasName(codes: Readonly<Record<string, number>>, code: number): boolean {
  return Object.values(codes).includes(code);
}

function isCode(asked: number, any: number, code: number): boolean {
  return asked === any || asked === code;
}

function isText(asked: string | null, text: string): boolean {
  return asked === null || asked === text;
}

function isName({ resourceNameFilter: asked, patternTypeFilter }: AclFilter, entry: AccessControlEntry): boolean {
  const { patternType, resourceName } = entry;
  if (patternTypeFilter === Pattern.MATCH) {
    if (asked === null || asked === resourceName) return true;
    return patternType === Pattern.PREFIXED ? asked.startsWith(resourceName) : resourceName === EVERY_NAME;
  }
  return isCode(patternTypeFilter, Pattern.ANY, patternType) && isText(asked, resourceName);
}
