/** What one client may do, where an authorizer is configured. */
import type { Operations } from './acls/codes.ts';
import type { Needed } from './needs.ts';

export interface Access {
  /** NONE where it has what is needed; `count`: how often the request `apiName` names the resource. The audit log is told. */
  errorOf(needed: Needed, apiName: string, count?: number): number;
  /** The operations on this resource that it may ask for, of those that there are for its type. The audit log is not told. */
  operationsOn(resourceType: number, name: string): Operations;
}
