/** What permissions are made of, by the numbers of Kafka's AclOperation, ResourceType, PatternType and AclPermissionType. */

export const Operation = {
  ANY: 1,
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const;

export const Resource = {
  ANY: 1,
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
} as const;

export const Pattern = { ANY: 1, MATCH: 2, LITERAL: 3, PREFIXED: 4 } as const;

export const Permission = { ANY: 1, DENY: 2, ALLOW: 3 } as const;

/** The one name of the resource CLUSTER. */
export const CLUSTER_NAME = 'kafka-cluster';
/** A literal name that every resource of its type has. */
export const EVERY_NAME = '*';
export const EVERY_PRINCIPAL = 'User:*';
export const EVERY_HOST = '*';

/** Bits of operations: 1 << the operation. */
export type Operations = number;

export const ALL_OPERATIONS: Operations = bits(...Object.values(Operation));

/** Those that an ACL of a resource of this type may be about. */
export const SUPPORTED: Readonly<Record<number, Operations>> = {
  [Resource.TOPIC]: bits(
    Operation.READ,
    Operation.WRITE,
    Operation.CREATE,
    Operation.DELETE,
    Operation.ALTER,
    Operation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS,
  ),
  [Resource.GROUP]: bits(
    Operation.READ,
    Operation.DELETE,
    Operation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS,
  ),
  [Resource.CLUSTER]: bits(
    Operation.CREATE,
    Operation.ALTER,
    Operation.DESCRIBE,
    Operation.CLUSTER_ACTION,
    Operation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS,
    Operation.IDEMPOTENT_WRITE,
  ),
  [Resource.TRANSACTIONAL_ID]: bits(Operation.DESCRIBE, Operation.WRITE, Operation.TWO_PHASE_COMMIT),
  [Resource.DELEGATION_TOKEN]: bits(Operation.DESCRIBE),
  [Resource.USER]: bits(Operation.CREATE_TOKENS, Operation.DESCRIBE_TOKENS),
};

/** Operations that an ALLOW of another one allows too. A DENY implies nothing. */
const IMPLIED: readonly (readonly [by: Operations, implied: Operations])[] = [
  [bits(Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER), bits(Operation.DESCRIBE)],
  [bits(Operation.ALTER_CONFIGS), bits(Operation.DESCRIBE_CONFIGS)],
];

export function bits(...operations: readonly number[]): Operations {
  return operations.reduce((sum, operation) => sum | (1 << operation), 0);
}

/** What an ALLOW of this operation allows. */
export function allowedBy(operation: number): Operations {
  const own = deniedBy(operation);
  return IMPLIED.reduce((sum, [by, implied]) => ((own & by) === 0 ? sum : sum | implied), own);
}

/** What a DENY of this operation denies. */
export function deniedBy(operation: number): Operations {
  return operation === Operation.ALL ? ALL_OPERATIONS : bits(operation);
}

/** TRANSACTIONAL_ID for 5; the code itself where there is no name. */
export function nameOf(codes: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(codes).find((name) => codes[name] === code) ?? `UNKNOWN(${code})`;
}

/** TransactionalId for TRANSACTIONAL_ID, as Kafka's audit log and tools write it. */
export function pascalCase(name: string): string {
  return name
    .split('_')
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join('');
}
