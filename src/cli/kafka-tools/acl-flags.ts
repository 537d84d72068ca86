/** What the flags of `kafka-acls` say: patterns of resources, and who may do what with them. */
import { nameOf, Operation, Pattern, Permission, Resource, SUPPORTED } from '../../security/acls/codes.ts';
import { UsageError } from '../usage.ts';
import type { Flags, FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  add: 'switch',
  remove: 'switch',
  list: 'switch',
  'bootstrap-controller': { refused: 'write --bootstrap-server: brokers pass changes on' },
  topic: 'list',
  group: 'list',
  cluster: 'switch',
  'transactional-id': 'list',
  'delegation-token': 'list',
  'user-principal': 'list',
  'resource-pattern-type': 'value',
  operation: 'list',
  'allow-principal': 'list',
  'deny-principal': 'list',
  'allow-host': 'list',
  'deny-host': 'list',
  principal: 'list',
  producer: 'switch',
  consumer: 'switch',
  idempotent: 'switch',
  force: 'switch',
};

const RESOURCES = [
  'topic',
  'group',
  'cluster',
  'transactional-id',
  'delegation-token',
  'user-principal',
  'resource-pattern-type',
];
const ENTRIES = ['operation', 'allow-principal', 'deny-principal', 'allow-host', 'deny-host'];
const ROLES = ['producer', 'consumer', 'idempotent'];

/** What each action may be given besides. */
export const USES: Readonly<Record<'add' | 'remove' | 'list', readonly string[]>> = {
  add: [...RESOURCES, ...ENTRIES, ...ROLES, 'force'],
  remove: [...RESOURCES, ...ENTRIES, ...ROLES, 'force'],
  list: [...RESOURCES, 'principal', 'force'],
};

export interface ResourcePattern {
  readonly resourceType: number;
  /** Null: any. */
  readonly name: string | null;
  readonly patternType: number;
}

export interface Entry {
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

/** Of one pattern of resources. */
export interface Group {
  readonly pattern: ResourcePattern;
  readonly entries: readonly Entry[];
}

const CLUSTER = { resourceType: Resource.CLUSTER, name: 'kafka-cluster', patternType: Pattern.LITERAL };
const TYPES = [
  ['topic', Resource.TOPIC],
  ['group', Resource.GROUP],
  ['transactional-id', Resource.TRANSACTIONAL_ID],
  ['delegation-token', Resource.DELEGATION_TOKEN],
  ['user-principal', Resource.USER],
] as const;

/** The resources that are named; `isFilter`: the pattern type may be any or match. */
export function patternsOf(flags: Flags, isFilter: boolean): ResourcePattern[] {
  const patternType = patternTypeOf(flags, isFilter);
  const named = TYPES.flatMap(([flag, resourceType]) =>
    flags.all(flag).map((name) => ({ resourceType, name: name.trim(), patternType })),
  );
  const isCluster = flags.has('cluster') || flags.has('idempotent');
  return isCluster && patternType !== Pattern.PREFIXED ? [...named, CLUSTER] : named;
}

function patternTypeOf(flags: Flags, isFilter: boolean): number {
  const text = (flags.get('resource-pattern-type') ?? 'LITERAL').toUpperCase();
  const known: readonly string[] = isFilter ? ['ANY', 'MATCH', 'LITERAL', 'PREFIXED'] : ['LITERAL', 'PREFIXED'];
  if (known.includes(text)) return Pattern[text as keyof typeof Pattern];
  throw new UsageError(`--resource-pattern-type ${text}: write ${known.join(', ').toLowerCase()}`);
}

/** What is to be added, or removed. @throws {UsageError} */
export function groupsOf(flags: Flags): Group[] {
  const patterns = patternsOf(flags, flags.has('remove'));
  if (patterns.length === 0) throw new UsageError('write at least one resource: --topic, --cluster, --group, …');
  const isByRole = flags.has('producer') || flags.has('consumer');
  if (isByRole) checkRoles(flags);
  if (flags.has('idempotent') && !flags.has('producer')) throw new UsageError('--idempotent goes with --producer');
  const operations = operationsOf(flags);
  return patterns
    .map((pattern) => ({
      pattern,
      entries: entriesOf(flags, pattern, isByRole ? rolesOf(flags, pattern) : operations),
    }))
    .filter(({ entries }) => entries.length > 0 || (flags.has('remove') && !isByRole));
}

function checkRoles(flags: Flags): void {
  const hasTopic = flags.has('topic');
  if (flags.has('producer') && (!hasTopic || flags.has('delegation-token'))) {
    throw new UsageError('with --producer write a --topic, and no --delegation-token');
  }
  const isOdd = flags.has('cluster') || (flags.has('transactional-id') && !flags.has('producer'));
  if (flags.has('consumer') && (!hasTopic || !flags.has('group') || isOdd)) {
    throw new UsageError('with --consumer write a --topic and a --group, and no --cluster or --transactional-id');
  }
  if (flags.has('operation')) throw new UsageError('--operation cannot be used with --producer or --consumer');
}

function rolesOf(flags: Flags, { resourceType }: ResourcePattern): number[] {
  const { READ, WRITE, CREATE, DESCRIBE, IDEMPOTENT_WRITE } = Operation;
  const producer: Readonly<Record<number, readonly number[]>> = {
    [Resource.TOPIC]: [WRITE, DESCRIBE, CREATE],
    [Resource.TRANSACTIONAL_ID]: [WRITE, DESCRIBE],
    [Resource.CLUSTER]: flags.has('idempotent') ? [IDEMPOTENT_WRITE] : [],
  };
  const consumer: Readonly<Record<number, readonly number[]>> = {
    [Resource.TOPIC]: [READ, DESCRIBE],
    [Resource.GROUP]: [READ],
  };
  const of = (role: string, table: typeof producer) => (flags.has(role) ? (table[resourceType] ?? []) : []);
  return [...new Set([...of('producer', producer), ...of('consumer', consumer)])];
}

function operationsOf(flags: Flags): number[] {
  const named = flags.all('operation').map((text) => {
    const name = text
      .trim()
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replaceAll('-', '_')
      .toUpperCase();
    if (name !== 'ANY' && Object.hasOwn(Operation, name)) return Operation[name as keyof typeof Operation];
    throw new UsageError(`--operation ${text}: write ${Object.keys(Operation).slice(1).join(', ')}`);
  });
  return named.length === 0 ? [Operation.ALL] : [...new Set(named)];
}

function entriesOf(flags: Flags, pattern: ResourcePattern, operations: readonly number[]): Entry[] {
  const { resourceType } = pattern;
  const supported = SUPPORTED[resourceType] | (1 << Operation.ALL);
  for (const operation of operations) {
    if ((supported & (1 << operation)) !== 0) continue;
    const names = Object.values(Operation).filter((code) => (supported & (1 << code)) !== 0);
    throw new UsageError(
      `ResourceType ${nameOf(Resource, resourceType)} only supports operations [${names.map((code) => nameOf(Operation, code)).join(', ')}]`,
    );
  }
  return [
    ...permitted(flags, 'allow', Permission.ALLOW, operations),
    ...permitted(flags, 'deny', Permission.DENY, operations),
  ];
}

function permitted(flags: Flags, kind: 'allow' | 'deny', permissionType: number, operations: readonly number[]) {
  const principals = flags.all(`${kind}-principal`);
  const hosts = flags.has(`${kind}-host`) ? flags.all(`${kind}-host`) : ['*'];
  if (principals.length === 0 && flags.has(`${kind}-host`)) {
    throw new UsageError(`--${kind}-host needs a --${kind}-principal`);
  }
  for (const principal of principals) {
    if (!principal.includes(':')) throw new UsageError(`--${kind}-principal ${principal}: write User:${principal}`);
  }
  return principals.flatMap((principal) =>
    hosts.flatMap((host) => operations.map((operation) => ({ principal, host, operation, permissionType }))),
  );
}
