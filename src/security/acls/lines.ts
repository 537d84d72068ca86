/** ACLs as people write them, in tests and on the command line: `read topic orders`, `deny write topic audit`, `read group billing-*`. */
import type { AccessControlEntry } from '../../cluster/image.ts';
import { parseAddress } from '../../../protocol/address.ts';
import { parseBlock } from './host-block.ts';
import { CLUSTER_NAME, nameOf, Operation, Pattern, Permission, Resource, SUPPORTED } from './codes.ts';

/** By user; '*' is everybody: `{ alice: ['read topic orders'], '*': ['describe topic public'] }`. */
export type AclLines = Readonly<Record<string, readonly string[]>>;

export type Acl = Omit<AccessControlEntry, 'id'>;

const EVERYBODY = '*';
const EXAMPLE = "write it like 'read topic orders', 'deny write topic audit*' or 'create cluster'";

/** 'User:alice' for alice; what has a type keeps it. */
export function principalOf(user: string): string {
  return user.includes(':') ? user : `User:${user}`;
}

/** alice for 'User:alice'. */
export function userOf(principal: string): string {
  return principal.replace(/^User:/, '');
}

/**
 * Of a line with its user in front: `alice read topic orders`, `* describe topic public`, `"CN=a b,O=c" read topic orders`.
 * @throws {TypeError} as aclOf
 */
export function aclOfText(text: string): Acl {
  const [, quoted, plain, line] = /^\s*(?:"([^"]+)"|([^\s"]+))\s+(\S.*)$/s.exec(text) ?? [];
  if (line === undefined) throw new TypeError(`acls: '${text}': write it like 'alice read topic orders'`);
  return aclOf(quoted ?? plain, line);
}

/** As aclOfText reads it. */
export function textOf(acl: Acl): string {
  const user = acl.principal === 'User:*' ? EVERYBODY : userOf(acl.principal);
  return `${/[\s"]/.test(user) ? `"${user}"` : user} ${lineOf(acl)}`;
}

export function aclsOf(lines: AclLines): Acl[] {
  return Object.entries(lines).flatMap(([user, all]) => all.map((line) => reachable(aclOf(user, line))));
}

/** @throws {TypeError} for a line that is none, with the word that is not known */
export function aclOf(user: string, line: string): Acl {
  const [, deny, operationWord, typeWord, name, host] =
    /^\s*(deny\s+|allow\s+)?([\w-]+)\s+([\w-]+)(?:\s+(?!from\s)(\S+))?(?:\s+from\s+(\S+))?\s*$/i.exec(line) ?? [];
  if (operationWord === undefined) throw new TypeError(`acls: '${line}': ${EXAMPLE}`);
  const operation = codeOf(Operation, operationWord, line);
  const resourceType = codeOf(Resource, typeWord, line);
  const isKnown = operation === Operation.ALL || (SUPPORTED[resourceType] & (1 << operation)) !== 0;
  if (!isKnown) throw new TypeError(`acls: '${line}': there is no permission to ${operationWord} a ${typeWord}`);
  if (name === undefined && resourceType !== Resource.CLUSTER)
    throw new TypeError(`acls: '${line}' has no name: ${EXAMPLE}`);
  const isPrefix = name !== undefined && name.length > 1 && name.endsWith('*');
  return {
    resourceType,
    resourceName: resourceType === Resource.CLUSTER ? CLUSTER_NAME : isPrefix ? name.slice(0, -1) : name,
    patternType: isPrefix ? Pattern.PREFIXED : Pattern.LITERAL,
    principal: user === EVERYBODY ? 'User:*' : principalOf(user),
    host: host ?? '*',
    operation,
    permissionType: /^deny/i.test(deny ?? '') ? Permission.DENY : Permission.ALLOW,
  };
}

/** Answers the same ACL. @throws {TypeError} for a host that no client's address can equal */
export function reachable<Kind extends Pick<Acl, 'host'>>(acl: Kind): Kind {
  const { host } = acl;
  if (host === '*' || parseAddress(host) !== null || parseBlock(host) !== null) return acl;
  throw new TypeError(`acls: 'from ${host}': write an address such as 127.0.0.1, or a block such as 10.0.0.0/8`);
}

/** The line of an ACL, without its user. */
export function lineOf({ resourceType, resourceName, patternType, host, operation, permissionType }: Acl): string {
  const named =
    resourceType === Resource.CLUSTER ? '' : ` ${resourceName}${patternType === Pattern.PREFIXED ? '*' : ''}`;
  const deny = permissionType === Permission.DENY ? 'deny ' : '';
  return `${deny}${wordOf(Operation, operation)} ${wordOf(Resource, resourceType)}${named}${host === '*' ? '' : ` from ${host}`}`;
}

/** describe-configs for DESCRIBE_CONFIGS. */
export function wordOf(codes: Readonly<Record<string, number>>, code: number): string {
  return nameOf(codes, code).toLowerCase().replaceAll('_', '-');
}

function codeOf(codes: Readonly<Record<string, number>>, word: string, line: string): number {
  const name = word
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase();
  if (name !== 'ANY' && Object.hasOwn(codes, name)) return codes[name];
  const known = Object.keys(codes)
    .filter((each) => each !== 'ANY')
    .map((each) => each.toLowerCase().replaceAll('_', '-'));
  throw new TypeError(`acls: '${line}': '${word}' is none of ${known.join(', ')}`);
}

/** What an operation is asked of: `{ topic: 'orders' }`, `{ cluster: true }`. */
export interface ResourceOf {
  readonly topic?: string;
  readonly group?: string;
  readonly transactionalId?: string;
  readonly cluster?: boolean;
}

const FIELDS: Readonly<Record<'topic' | 'group' | 'transactionalId', number>> = {
  topic: Resource.TOPIC,
  group: Resource.GROUP,
  transactionalId: Resource.TRANSACTIONAL_ID,
};

/** @throws {TypeError} where none is named, or several */
export function resourceOf(
  what: string,
  resource: ResourceOf,
): { readonly resourceType: number; readonly name: string } {
  const named = (Object.keys(FIELDS) as (keyof typeof FIELDS)[]).flatMap((field) => {
    const name = resource[field];
    return name === undefined ? [] : [{ resourceType: FIELDS[field], name }];
  });
  if (resource.cluster === true) named.push({ resourceType: Resource.CLUSTER, name: CLUSTER_NAME });
  if (named.length === 1) return named[0];
  throw new TypeError(`${what}: name one of topic, group, transactionalId, cluster`);
}

/** @throws {TypeError} for what is no operation */
export function operationOf(what: string, word: string): number {
  return codeOf(Operation, word, what);
}

/** Why a decision is what it is, as tests are told. */
export function reasonWords(reason: { readonly rule: string; readonly entry?: AccessControlEntry }): string {
  const { entry } = reason;
  return entry === undefined ? 'no line of acls allows it' : `'${lineOf(entry)}' of ${userOf(entry.principal)}`;
}
