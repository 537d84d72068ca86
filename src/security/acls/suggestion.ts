/** The command that would allow what was refused. PURE. */
import { nameOf, Operation, pascalCase, Resource } from './codes.ts';
import type { Decided } from './text.ts';

const FLAGS: Readonly<Record<number, string>> = {
  [Resource.TOPIC]: '--topic',
  [Resource.GROUP]: '--group',
  [Resource.TRANSACTIONAL_ID]: '--transactional-id',
  [Resource.DELEGATION_TOKEN]: '--delegation-token',
  [Resource.USER]: '--user-principal',
};

export function suggestion({ principal, operation, resourceType, resourceName, reason }: Decided): string {
  if (reason.rule === 'MatchingAcl') return `remove the DENY ${quoted(reason.entry.resourceName)} from the ACLs`;
  const flag = FLAGS[resourceType];
  const resource = flag === undefined ? '--cluster' : `${flag} ${quoted(resourceName)}`;
  const named = pascalCase(nameOf(Operation, operation));
  return `kafka-acls --add --allow-principal ${quoted(principal)} --operation ${named} ${resource}`;
}

function quoted(text: string): string {
  return /^[\w.:@-]+$/.test(text) ? text : `'${text}'`;
}
