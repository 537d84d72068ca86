/** ACLs of every kind, made of what an API needs. */
import { handlers } from '../../src/apis/index.ts';
import { needsOf } from '../../scripts/permissions.ts';
import { Operation, Pattern, Permission, Resource } from '../../src/security/acls/codes.ts';
import { PRINCIPAL, type Acl } from './brokers.ts';

export interface Rules {
  readonly name: string;
  readonly acls: readonly Acl[];
}

interface Wanted {
  readonly operation: number;
  readonly resourceType: number;
}

const ONE: Readonly<Record<number, string>> = {
  [Resource.TOPIC]: 'perm-one',
  [Resource.GROUP]: 'perm-group-one',
  [Resource.TRANSACTIONAL_ID]: 'perm-id-one',
  [Resource.CLUSTER]: 'kafka-cluster',
};
/** What also what does not exist begins with. */
const PREFIX: Readonly<Record<number, string>> = {
  [Resource.TOPIC]: 'perm-one',
  [Resource.GROUP]: 'perm-group-',
  [Resource.TRANSACTIONAL_ID]: 'perm-id-',
  [Resource.CLUSTER]: 'kafka-cluster',
};

export function worldsOf(apiName: string): Rules[] {
  const wanted = wantedBy(apiName);
  const allow = (one: Wanted, more: Partial<Acl> = {}): Acl => ({
    resourceType: one.resourceType,
    resourceName: ONE[one.resourceType],
    patternType: Pattern.LITERAL,
    principal: PRINCIPAL,
    host: '*',
    operation: one.operation,
    permissionType: Permission.ALLOW,
    ...more,
  });
  const onNames = wanted.filter(({ resourceType }) => resourceType !== Resource.CLUSTER);
  const every = (one: Wanted): Acl => allow(one, one.resourceType === Resource.CLUSTER ? {} : { resourceName: '*' });
  const prefixed = (one: Wanted, more: Partial<Acl> = {}): Acl =>
    one.resourceType === Resource.CLUSTER
      ? allow(one, more)
      : allow(one, { resourceName: PREFIX[one.resourceType], patternType: Pattern.PREFIXED, ...more });
  const types = [...new Set(wanted.map(({ resourceType }) => resourceType))];
  const denied = { permissionType: Permission.DENY };
  const worlds: Rules[] = [
    { name: 'nothing', acls: [] },
    { name: 'all of it', acls: wanted.map(every) },
    { name: 'names alone', acls: onNames.map((one) => allow(one)) },
    { name: 'prefixes', acls: wanted.map((one) => prefixed(one)) },
    ...(wanted.length > 1
      ? wanted.map((one) => ({
          name: `only ${one.operation} of ${one.resourceType}`,
          acls: [allow(one)],
        }))
      : []),
    { name: 'what implies it', acls: types.flatMap((resourceType) => implying(resourceType).map((one) => allow(one))) },
    { name: 'ALL', acls: types.map((resourceType) => allow({ operation: Operation.ALL, resourceType })) },
    {
      name: 'DENY over ALLOW',
      acls: [...wanted.map(every), ...onNames.map((one) => allow(one, denied))],
    },
    { name: 'DENY of all over ALLOW', acls: [...wanted.map(every), ...wanted.map((one) => allow(one, denied))] },
    { name: 'DENY by prefix', acls: [...wanted.map(every), ...onNames.map((one) => prefixed(one, denied))] },
    { name: 'another host', acls: wanted.map((one) => ({ ...every(one), host: '10.9.8.7' })) },
    { name: 'a block of hosts', acls: wanted.map((one) => ({ ...every(one), host: '127.0.0.0/8' })) },
    { name: 'another principal', acls: wanted.map((one) => ({ ...every(one), principal: 'User:bob' })) },
  ];
  return wanted.length === 0 ? worlds.slice(0, 1) : worlds;
}

function implying(resourceType: number): Wanted[] {
  const operations =
    resourceType === Resource.TRANSACTIONAL_ID ? [Operation.WRITE] : [Operation.READ, Operation.ALTER_CONFIGS];
  return operations.map((operation) => ({ operation, resourceType }));
}

function wantedBy(apiName: string): Wanted[] {
  const handler = handlers.find(({ api }) => api.name === apiName)!;
  const found = needsOf(handler).map(({ operation, resource }) => ({
    operation: Operation[operation as keyof typeof Operation],
    resourceType: Resource[resource as keyof typeof Resource],
  }));
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}
