/** What CreateAcls and DeleteAcls make of the ACLs: results for each of their parts, and records. PURE. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { AccessControlEntry } from '../../cluster/image.ts';
import type { DraftOf } from '../../cluster/metadata-records.ts';
import { eachInPieces, mapInPieces, type Pieces } from '../../platform/pieces.ts';
import { CLUSTER_NAME, Operation, Pattern, Permission, Resource } from './codes.ts';
import { filterFault, fits, type AclFilter } from './filter.ts';
import { BLOCKS_SINCE, isBlockText, parseBlock } from './host-block.ts';

/** Of one operation, as in Kafka. */
const MOST_RECORDS = 10_000;
/** ACLs that the answer to one request tells of. Kafka has no such limit: each of its filters may fit all ACLs. */
const MOST_TOLD = 100_000;

type Entries = ReadonlyMap<string, AccessControlEntry>;

export type NewAcl = Omit<AccessControlEntry, 'id'>;

export interface AclResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface AclAlteration<Result> {
  readonly results: Result[];
  readonly records: (DraftOf<'AccessControlEntryRecord'> | DraftOf<'RemoveAccessControlEntryRecord'>)[];
}

export interface CreationOptions {
  readonly metadataVersion: number;
  readonly newId: () => string;
}

const DONE: AclResult = { errorCode: ErrorCode.NONE, errorMessage: null };
const TOO_MANY: AclResult = {
  errorCode: ErrorCode.POLICY_VIOLATION,
  errorMessage: 'Unable to perform excessively large batch operation.',
};

/** One that is there already is created without a change. */
export function* createAcls(
  creations: readonly NewAcl[],
  current: Entries,
  { metadataVersion, newId }: CreationOptions,
): Pieces<AclAlteration<AclResult>> {
  const names = new Set(creations.map(({ resourceName }) => resourceName));
  const known = new Set<string>();
  yield* eachInPieces(current.values(), (entry) => {
    if (names.has(entry.resourceName)) known.add(keyOf(entry));
  });
  const records: DraftOf<'AccessControlEntryRecord'>[] = [];
  const results = yield* mapInPieces(creations, (acl) => {
    const fault = creationFault(acl, metadataVersion);
    const key = keyOf(acl);
    if (fault !== null || known.has(key)) return fault ?? DONE;
    known.add(key);
    const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
    records.push({
      type: 'AccessControlEntryRecord',
      id: newId(),
      resourceType,
      resourceName,
      patternType,
      principal,
      host,
      operation,
      permissionType,
    });
    return DONE;
  });
  return records.length > MOST_RECORDS ? { results: creations.map(() => TOO_MANY), records: [] } : { results, records };
}

export interface DeletionResult extends AclResult {
  readonly matchingAcls: readonly AccessControlEntry[];
}

/** An ACL that fits several filters is told of with each of them. */
export function* deleteAcls(filters: readonly AclFilter[], current: Entries): Pieces<AclAlteration<DeletionResult>> {
  const removed = new Set<string>();
  const results: DeletionResult[] = [];
  let told = 0;
  for (const filter of filters) {
    const matchingAcls: AccessControlEntry[] = [];
    const fault = filterFault(filter);
    if (fault === null) {
      yield* eachInPieces(current.values(), (entry) => {
        if (fits(entry, filter)) matchingAcls.push(entry);
      });
    }
    for (const { id } of matchingAcls) removed.add(id);
    told += matchingAcls.length;
    results.push({ ...(fault === null ? DONE : invalid(fault)), matchingAcls });
    if (removed.size > MOST_RECORDS || told > MOST_TOLD) {
      return { results: filters.map(() => ({ ...TOO_MANY, matchingAcls: [] })), records: [] };
    }
  }
  return { results, records: Array.from(removed, (id) => ({ type: 'RemoveAccessControlEntryRecord', id })) };
}

function keyOf(acl: NewAcl): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
  return JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permissionType]);
}

function creationFault(acl: NewAcl, metadataVersion: number): AclResult | null {
  const { resourceType, resourceName, patternType, principal, operation, permissionType } = acl;
  if (resourceType === Resource.CLUSTER && resourceName !== CLUSTER_NAME) {
    return invalid(`The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`);
  }
  if (resourceName === '') return invalid('Invalid empty resource name');
  if (!isOne(Resource, resourceType)) return invalid(codeFault('resourceType', Resource, resourceType));
  if (!isOne(Pattern, patternType) || patternType === Pattern.MATCH) {
    return invalid(codeFault('patternType', Pattern, patternType));
  }
  if (!isOne(Operation, operation)) return invalid(codeFault('operation', Operation, operation));
  if (!isOne(Permission, permissionType)) return invalid(codeFault('permissionType', Permission, permissionType));
  if (!principal.includes(':')) {
    return invalid(
      `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`,
    );
  }
  return hostFault(acl.host, metadataVersion);
}

function hostFault(host: string, metadataVersion: number): AclResult | null {
  if (host === '') return invalid('Host pattern cannot be null or empty');
  if (!isBlockText(host)) return null;
  if (metadataVersion < BLOCKS_SINCE) {
    const errorMessage = 'CIDR-based ACL host patterns require metadata version 4.4-IV1 or higher.';
    return { errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage };
  }
  return parseBlock(host) === null ? invalid(`Invalid CIDR notation '${host}'`) : null;
}

type Codes = Readonly<Record<string, number>>;

/** Whether the code has a name, other than ANY. */
function isOne(codes: Codes, code: number): boolean {
  return code !== codes.ANY && Object.values(codes).includes(code);
}

function codeFault(field: string, codes: Codes, code: number): string {
  return `Invalid ${field} ${Object.keys(codes).find((name) => codes[name] === code) ?? 'UNKNOWN'}`;
}

function invalid(errorMessage: string): AclResult {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}
