/** Decides by the ACLs of the cluster, as Kafka's StandardAuthorizer does, and remembers what it has decided. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ClusterImage } from '../../cluster/image.ts';
import { boundedKey } from '../../platform/bounded-key.ts';
import type { Access } from '../access.ts';
import type { AnyOf, Need, Needed } from '../needs.ts';
import type { Session } from '../session.ts';
import type { Authorizer } from '../stages.ts';
import { AclIndex } from './acl-index.ts';
import type { AuditLog } from './audit-log.ts';
import { EVERY_NAME, SUPPORTED, type Operations } from './codes.ts';
import {
  allowedOperations,
  allowsSome,
  explain,
  type DecisionRules,
  type Explanation,
  type Subject,
} from './decision.ts';
import { BLOCKS_SINCE } from './host-block.ts';
import { subjectOf } from './subject.ts';

export interface AclAuthorizerOptions {
  /** The cluster as of now. */
  readonly image: () => ClusterImage;
  /** As 'User:alice'. */
  readonly superUsers: ReadonlySet<string>;
  /** allow.everyone.if.no.acl.found */
  readonly allowsUncovered: boolean;
  readonly audit: AuditLog;
}

/** What is remembered is thrown away whole beyond that. */
const MOST_CLIENTS = 1000;
const MOST_NAMES = 10_000;

export class AclAuthorizer implements Authorizer {
  readonly audit: AuditLog;
  readonly #options: AclAuthorizerOptions;
  readonly #clients = new Map<string, ClientAccess>();
  #entries: ClusterImage['accessControlEntries'] | null = null;
  #readsBlocks = false;
  #rules: DecisionRules | null = null;

  constructor(options: AclAuthorizerOptions) {
    this.#options = options;
    this.audit = options.audit;
  }

  /** The same object for the same principal at the same address. */
  accessOf({ principal, clientHost }: Pick<Session, 'principal' | 'clientHost'>): Access {
    const subject = subjectOf(`${principal.type}:${principal.name}`, clientHost);
    const key = `${subject.host} ${subject.principal}`;
    let access = this.#clients.get(key);
    if (access === undefined) {
      if (this.#clients.size >= MOST_CLIENTS) this.#clients.clear();
      this.#clients.set(key, (access = new ClientAccess(this, subject)));
    }
    return access;
  }

  /** `principal` as 'User:alice'. */
  explain(principal: string, host: string, need: Pick<Need, 'operation' | 'resourceType'>, name: string): Explanation {
    return explain(this.rules, subjectOf(principal, host), need.operation, need.resourceType, name);
  }

  /** Another object where an ACL has changed. */
  get rules(): DecisionRules {
    const { accessControlEntries, features } = this.#options.image();
    const readsBlocks = (features.get('metadata.version') ?? 0) >= BLOCKS_SINCE;
    if (accessControlEntries !== this.#entries || readsBlocks !== this.#readsBlocks) {
      const index = readsBlocks === this.#readsBlocks ? this.#rules?.index : undefined;
      index?.follow(accessControlEntries);
      const { superUsers, allowsUncovered } = this.#options;
      this.#rules = { index: index ?? new AclIndex(accessControlEntries, readsBlocks), superUsers, allowsUncovered };
      this.#entries = accessControlEntries;
      this.#readsBlocks = readsBlocks;
    }
    return this.#rules!;
  }
}

class ClientAccess implements Access {
  readonly #authorizer: AclAuthorizer;
  readonly #subject: Subject;
  /** By type of resource: what was decided of names, under these rules. */
  #decided: Map<string, Operations>[] = [];
  #names = 0;
  #rules: DecisionRules | null = null;

  constructor(authorizer: AclAuthorizer, subject: Subject) {
    this.#authorizer = authorizer;
    this.#subject = subject;
  }

  errorOf(needed: Needed, apiName: string, count = 1): number {
    if (needed === null) return ErrorCode.NONE;
    if (!('length' in needed)) return this.#errorOfOne(needed, apiName, count);
    for (const one of needed) {
      const errorCode = this.#errorOfOne(one, apiName, count);
      if (errorCode !== ErrorCode.NONE) return errorCode;
    }
    return ErrorCode.NONE;
  }

  operationsOn(resourceType: number, name: string): Operations {
    return this.#allowed(resourceType, name) & SUPPORTED[resourceType];
  }

  #errorOfOne(one: Need | AnyOf, apiName: string, count: number): number {
    if ('operation' in one) return this.#has(one, apiName, count) ? ErrorCode.NONE : one.errorCode;
    return one.anyOf.some((each) => this.#has(each, apiName, count)) ? ErrorCode.NONE : one.errorCode;
  }

  #has(need: Need, apiName: string, count: number): boolean {
    const { operation, resourceType, name, isQuiet } = need;
    const isAllowed =
      name === null
        ? allowsSome(this.#authorizer.rules, this.#subject, operation, resourceType)
        : (this.#allowed(resourceType, name) & (1 << operation)) !== 0;
    const { audit } = this.#authorizer;
    if (isAllowed) audit.allowed++;
    else audit.denied++;
    if (isAllowed ? audit.tellsGrants : !isQuiet) this.#tell(need, isAllowed, apiName, count);
    return isAllowed;
  }

  #allowed(resourceType: number, name: string): Operations {
    const { rules } = this.#authorizer;
    if (rules !== this.#rules || this.#names >= MOST_NAMES) this.#forget(rules);
    const byName = (this.#decided[resourceType] ??= new Map());
    const key = boundedKey(name);
    let allowed = byName.get(key);
    if (allowed === undefined) {
      byName.set(key, (allowed = allowedOperations(rules, this.#subject, resourceType, name)));
      this.#names++;
    }
    return allowed;
  }

  #forget(rules: DecisionRules): void {
    this.#rules = rules;
    this.#decided = [];
    this.#names = 0;
  }

  #tell(need: Need, isAllowed: boolean, apiName: string, count: number): void {
    const { audit, rules } = this.#authorizer;
    const { principal, host } = this.#subject;
    const { operation, resourceType } = need;
    const resourceName = need.name ?? EVERY_NAME;
    const explained = explain(rules, this.#subject, operation, resourceType, resourceName);
    const reason = explained.isAllowed === isAllowed ? explained.reason : ({ rule: 'DefaultDeny' } as const);
    const decided = { principal, host, operation, resourceType, resourceName, apiName, count, isAllowed, reason };
    if (isAllowed) audit.grant(decided);
    else audit.refusal(decided);
  }
}
