/** What a request needs its client to be allowed: the words in which tables of handlers say it. PURE. */
import { ErrorCode } from '../../protocol/errors.ts';
import { CLUSTER_NAME, Operation, Resource } from './acls/codes.ts';

/** One permission. */
export interface Need {
  readonly operation: number;
  readonly resourceType: number;
  /** Null: on any resource of the type. */
  readonly name: string | null;
  /** What a client is answered that lacks it. */
  readonly errorCode: number;
  /** The audit log does not tell that it is lacking. */
  readonly isQuiet: boolean;
}

/** One of them is enough. */
export interface AnyOf {
  readonly anyOf: readonly Need[];
  readonly errorCode: number;
}

/** In order: the first that is lacking refuses. Null needs nothing. */
export type Needed = Need | AnyOf | null | readonly (Need | AnyOf)[];

const ERRORS: Readonly<Record<number, number>> = {
  [Resource.TOPIC]: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  [Resource.GROUP]: ErrorCode.GROUP_AUTHORIZATION_FAILED,
  [Resource.CLUSTER]: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  [Resource.TRANSACTIONAL_ID]: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  [Resource.DELEGATION_TOKEN]: ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
  [Resource.USER]: ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
};

function need(operation: number, resourceType: number, name: string | null): Need {
  return { operation, resourceType, name, errorCode: ERRORS[resourceType], isQuiet: false };
}

/** An operation, on what: `read.topic('orders')`. */
function to(operation: number) {
  return {
    topic: (name: string): Need => need(operation, Resource.TOPIC, name),
    someTopic: (): Need => need(operation, Resource.TOPIC, null),
    group: (id: string): Need => need(operation, Resource.GROUP, id),
    cluster: (): Need => need(operation, Resource.CLUSTER, CLUSTER_NAME),
    transactionalId: (id: string): Need => need(operation, Resource.TRANSACTIONAL_ID, id),
    token: (id: string): Need => need(operation, Resource.DELEGATION_TOKEN, id),
    /** As 'User:alice'. */
    user: (principal: string): Need => need(operation, Resource.USER, principal),
  };
}

export const read = to(Operation.READ);
export const write = to(Operation.WRITE);
export const create = to(Operation.CREATE);
export const remove = to(Operation.DELETE);
export const alter = to(Operation.ALTER);
export const describe = to(Operation.DESCRIBE);
export const clusterAction = to(Operation.CLUSTER_ACTION).cluster();
export const describeConfigs = to(Operation.DESCRIBE_CONFIGS);
export const alterConfigs = to(Operation.ALTER_CONFIGS);
export const idempotentWrite = to(Operation.IDEMPOTENT_WRITE).cluster();
export const createTokens = to(Operation.CREATE_TOKENS);
export const describeTokens = to(Operation.DESCRIBE_TOKENS);
export const twoPhaseCommit = to(Operation.TWO_PHASE_COMMIT);

/** The last decides on the error. Kafka's audit log tells that this one is lacking alone. */
export function anyOf(...needs: readonly Need[]): AnyOf {
  const last = needs.at(-1)!;
  return { anyOf: needs.map((each) => (each === last ? each : quietly(each))), errorCode: last.errorCode };
}

/** The same, and the audit log does not tell that it is lacking. */
export function quietly(one: Need): Need {
  return { ...one, isQuiet: true };
}

/** The same, with another error. */
export function orElse<N extends Need | AnyOf>(errorCode: number, one: N): N {
  return { ...one, errorCode };
}
