/** Who may do what: the decisions of Kafka's StandardAuthorizer. PURE. */
import type { AccessControlEntry } from '../../cluster/image.ts';
import type { AclIndex, ResourceRules, Rule } from './acl-index.ts';
import {
  ALL_OPERATIONS,
  EVERY_HOST,
  EVERY_NAME,
  EVERY_PRINCIPAL,
  Operation,
  Pattern,
  Permission,
  type Operations,
} from './codes.ts';
import { isIn } from './host-block.ts';

/** Whom ACLs are about. */
export interface Subject {
  /** As 'User:alice'. */
  readonly principal: string;
  /** An address as text, without a zone. */
  readonly host: string;
  /** The same as bytes; null for text that is no address. */
  readonly hostBytes: Uint8Array | null;
}

export interface DecisionRules {
  readonly index: AclIndex;
  /** Principals that may do everything. */
  readonly superUsers: ReadonlySet<string>;
  /** Of resources that no ACL is about. */
  readonly allowsUncovered: boolean;
}

/** The operations that the subject may do to this resource. */
export function allowedOperations(
  { index, superUsers, allowsUncovered }: DecisionRules,
  subject: Subject,
  resourceType: number,
  name: string,
): Operations {
  if (superUsers.has(subject.principal)) return ALL_OPERATIONS;
  let isCovered = false;
  let allowed: Operations = 0;
  let denied: Operations = 0;
  index.covering(resourceType, name, (rules) => {
    isCovered = true;
    eachOf(rules, subject, (rule) => {
      allowed |= rule.allows;
      denied |= rule.denies;
    });
  });
  if (!isCovered) return allowsUncovered ? ALL_OPERATIONS : 0;
  return allowed & ~denied;
}

/** What a decision rests on, by Kafka's names. */
export type Reason =
  | { readonly rule: 'SuperUser' | 'DefaultAllow' | 'DefaultDeny' }
  | { readonly rule: 'MatchingAcl'; readonly entry: AccessControlEntry };

export interface Explanation {
  readonly isAllowed: boolean;
  readonly reason: Reason;
}

/** The same for one operation, with its reason. */
export function explain(
  { index, superUsers, allowsUncovered }: DecisionRules,
  subject: Subject,
  operation: number,
  resourceType: number,
  name: string,
): Explanation {
  if (superUsers.has(subject.principal)) return { isAllowed: true, reason: { rule: 'SuperUser' } };
  let isCovered = false;
  let found: AccessControlEntry | null = null;
  index.covering(resourceType, name, (rules) => {
    isCovered = true;
    eachOf(rules, subject, ({ entry, allows, denies }) => {
      const isDecided = ((allows | denies) & (1 << operation)) !== 0;
      if (found?.permissionType === Permission.DENY || !isDecided) return;
      if (found === null || entry.permissionType === Permission.DENY) found = entry;
    });
  });
  if (found !== null) return ofEntry(found);
  const isAllowed = !isCovered && allowsUncovered;
  return { isAllowed, reason: { rule: isAllowed ? 'DefaultAllow' : 'DefaultDeny' } };
}

function ofEntry(entry: AccessControlEntry): Explanation {
  return { isAllowed: entry.permissionType === Permission.ALLOW, reason: { rule: 'MatchingAcl', entry } };
}

/** A name that Kafka asks about where it wants to know of no resource in particular. */
const NO_NAME = 'hardcode';

/** Whether there is any resource of a type to which the subject may do this. Only the operation itself and ALL count. */
export function allowsSome(rules: DecisionRules, subject: Subject, operation: number, resourceType: number): boolean {
  if ((allowedOperations(rules, subject, resourceType, NO_NAME) & (1 << operation)) !== 0) return true;
  const [allowed, denied] = [new PatternNames(), new PatternNames()];
  for (const each of rules.index.ofType(resourceType)) {
    eachOf(each, subject, ({ entry }) => {
      if (entry.operation !== operation && entry.operation !== Operation.ALL) return;
      (entry.permissionType === Permission.ALLOW ? allowed : denied).add(each);
    });
  }
  if (denied.literals.has(EVERY_NAME)) return false;
  if (allowed.literals.has(EVERY_NAME)) return true;
  const isFree = (name: string) => !denied.hasPrefixOf(name);
  for (const name of allowed.literals) if (!denied.literals.has(name) && isFree(name)) return true;
  for (const name of allowed.prefixes) if (isFree(name)) return true;
  return false;
}

class PatternNames {
  readonly literals = new Set<string>();
  readonly prefixes = new Set<string>();

  add({ patternType, name }: ResourceRules): void {
    (patternType === Pattern.PREFIXED ? this.prefixes : this.literals).add(name);
  }

  /** Itself is one, too. */
  hasPrefixOf(name: string): boolean {
    if (this.prefixes.size === 0) return false;
    for (let length = 1; length <= name.length; length++) if (this.prefixes.has(name.slice(0, length))) return true;
    return false;
  }
}

/** `visit` for the rules that are about the subject. */
function eachOf({ byPrincipal }: ResourceRules, subject: Subject, visit: (rule: Rule) => void): void {
  const own = byPrincipal.get(subject.principal);
  if (own !== undefined) for (const rule of own) if (isAt(rule, subject)) visit(rule);
  const every = subject.principal === EVERY_PRINCIPAL ? undefined : byPrincipal.get(EVERY_PRINCIPAL);
  if (every !== undefined) for (const rule of every) if (isAt(rule, subject)) visit(rule);
}

function isAt({ entry, block }: Rule, { host, hostBytes }: Subject): boolean {
  if (block !== null) return hostBytes !== null && isIn(block, hostBytes);
  return entry.host === EVERY_HOST || entry.host === host;
}
