/** ACLs, and decisions by them, as Kafka writes them. PURE. */
import type { AccessControlEntry } from '../../cluster/image.ts';
import { nameOf, Operation, pascalCase, Pattern, Permission, Resource } from './codes.ts';
import type { Explanation, Reason } from './decision.ts';

/** StandardAcl(resourceType=TOPIC, …). */
export function aclText(entry: AccessControlEntry): string {
  const fields = {
    resourceType: nameOf(Resource, entry.resourceType),
    resourceName: entry.resourceName,
    patternType: nameOf(Pattern, entry.patternType),
    principal: entry.principal,
    host: entry.host,
    operation: nameOf(Operation, entry.operation),
    permissionType: nameOf(Permission, entry.permissionType),
  };
  return `StandardAcl(${Object.entries(fields)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')})`;
}

export function reasonText(reason: Reason): string {
  return reason.rule === 'MatchingAcl' ? `MatchingAcl(acl=${aclText(reason.entry)})` : reason.rule;
}

/** Topic:LITERAL:orders. */
export function resourceText(resourceType: number, name: string): string {
  return `${pascalCase(nameOf(Resource, resourceType))}:LITERAL:${name}`;
}

/** What was decided, and of what. */
export interface Decided extends Explanation {
  /** As 'User:alice'. */
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly apiName: string;
  /** How often the request names the resource. */
  readonly count: number;
}

/** The line of kafka.authorizer.logger. */
export function auditText(decided: Decided): string {
  const { principal, host, operation, resourceType, resourceName, apiName, count, isAllowed, reason } = decided;
  return (
    `Principal = ${principal} is ${isAllowed ? 'Allowed' : 'Denied'} operation = ${nameOf(Operation, operation)} ` +
    `from host = ${host} on resource = ${resourceText(resourceType, resourceName)} for request = ${apiName} ` +
    `with resourceRefCount = ${count} based on rule ${reasonText(reason)}`
  );
}
