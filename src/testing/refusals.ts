/** What clients were not allowed, and for what they were throttled: written down as it happens, for tests to look at. */
import type { SecurityWatcher } from '../broker/broker.ts';
import { Operation, Resource } from '../security/acls/codes.ts';
import { operationOf, reasonWords, userOf, wordOf } from '../security/acls/lines.ts';
import { QUOTA_NAMES } from '../config/quota-names.ts';
import { checkApiName } from './api-names.ts';
import { checkKeys, checkWord, type KeysOf } from './known-keys.ts';

/** One refusal by the authorizer. */
export interface Denial {
  readonly user: string;
  readonly api: string;
  /** 'write', 'describe-configs'. */
  readonly operation: string;
  /** 'topic', 'group', 'cluster', 'transactional-id', 'user', 'delegation-token'. */
  readonly resource: string;
  readonly name: string;
  readonly host: string;
  /** Why, in words; a DENY is named. */
  readonly reason: string;
  /** The line of `acls` that would allow it. */
  readonly allow: string;
}

/** One answer that told a client to wait. */
export interface Throttle {
  readonly user: string;
  readonly clientId: string | null;
  readonly api: string;
  /** By Kafka's name: 'producer_byte_rate'. */
  readonly quota: string;
  readonly throttleTimeMs: number;
}

/** All that is said must hold. */
export interface ExpectedDenial {
  readonly user?: string;
  readonly api?: string;
  readonly operation?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly transactionalId?: string;
}

/** All that is said must hold. */
export interface ExpectedThrottle {
  readonly user?: string;
  readonly clientId?: string;
  readonly api?: string;
  readonly quota?: string;
}

const DENIAL: KeysOf<ExpectedDenial> = {
  user: true,
  api: true,
  operation: true,
  topic: true,
  group: true,
  transactionalId: true,
};
const THROTTLE: KeysOf<ExpectedThrottle> = { user: true, clientId: true, api: true, quota: true };
/** The oldest are forgotten. */
const MOST_KEPT = 10_000;

export class Refusals implements SecurityWatcher {
  readonly denials: Denial[] = [];
  readonly throttles: Throttle[] = [];
  readonly #notify: () => void;

  constructor(notify: () => void) {
    this.#notify = notify;
  }

  denied(decided: Parameters<SecurityWatcher['denied']>[0]): void {
    const { principal, apiName: api, operation, resourceType, resourceName: name, host } = decided;
    const user = userOf(principal);
    const [operationWord, resource] = [wordOf(Operation, operation), wordOf(Resource, resourceType)];
    const named = resourceType === Resource.CLUSTER ? '' : ` ${name}`;
    const allow = `${JSON.stringify(user)}: ['${operationWord} ${resource}${named}']`;
    this.#keep(this.denials, {
      user,
      api,
      operation: operationWord,
      resource,
      name,
      host,
      reason: reasonWords(decided.reason),
      allow,
    });
  }

  throttled({
    session,
    clientId,
    apiName: api,
    quota,
    throttleTimeMs,
  }: Parameters<SecurityWatcher['throttled']>[0]): void {
    this.#keep(this.throttles, { user: session.principal.name, clientId, api, quota, throttleTimeMs });
  }

  clear(): void {
    this.denials.length = 0;
    this.throttles.length = 0;
  }

  #keep<T>(list: T[], one: T): void {
    if (list.length >= MOST_KEPT) list.splice(0, MOST_KEPT / 2);
    list.push(one);
    this.#notify();
  }
}

/** @throws {TypeError} for a field that there is not */
export function checkDenial(what: string, expected: ExpectedDenial): void {
  checkKeys(what, expected, DENIAL);
  if (expected.operation !== undefined) operationOf(what, expected.operation);
  if (expected.api !== undefined) checkApiName(expected.api);
}

/** @throws {TypeError} for a field that there is not */
export function checkThrottle(what: string, expected: ExpectedThrottle): void {
  checkKeys(what, expected, THROTTLE);
  checkWord(`quota of ${what}`, expected.quota, QUOTA_NAMES);
  if (expected.api !== undefined) checkApiName(expected.api);
}

export function isDenial(denial: Denial, expected: ExpectedDenial): boolean {
  const { user, api, operation, topic, group, transactionalId } = expected;
  const isNamed = (resource: string, name: string | undefined): boolean =>
    name === undefined || (denial.resource === resource && denial.name === name);
  return (
    (user ?? denial.user) === denial.user &&
    (api ?? denial.api) === denial.api &&
    (operation === undefined || wordOf(Operation, operationOf('a denial', operation)) === denial.operation) &&
    isNamed('topic', topic) &&
    isNamed('group', group) &&
    isNamed('transactional-id', transactionalId)
  );
}

export function isThrottle(throttle: Throttle, expected: ExpectedThrottle): boolean {
  return (['user', 'clientId', 'api', 'quota'] as const).every(
    (field) => expected[field] === undefined || expected[field] === throttle[field],
  );
}

export function denialWords({ user, api, operation, resource, name, reason, allow }: Denial): string {
  return `${user} may not ${operation} ${resource} ${name} (${api}): ${reason}; to allow it: acls: { ${allow} }`;
}

export function throttleWords({ user, clientId, api, quota, throttleTimeMs }: Throttle): string {
  return `${user} (client ${clientId ?? 'without a name'}) throttled for ${throttleTimeMs} ms by ${quota} (${api})`;
}

/** { user: 'alice', topic: 'orders' } as words. */
export function expectedWords(expected: ExpectedDenial | ExpectedThrottle): string {
  const said = Object.entries(expected).map(([field, value]) => `${field} ${value}`);
  return said.length === 0 ? 'anything' : said.join(', ');
}
