/** Decisions by ACLs: the index against a few lines that read all of them, and Kafka's rules one by one. */
import { describe, expect, test } from 'vitest';
import { addressText, parseAddress } from '../../protocol/address.ts';
import type { AccessControlEntry } from '../../src/cluster/image.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { AclIndex } from '../../src/security/acls/acl-index.ts';
import { SharingMap } from '../../src/cluster/sharing-map.ts';
import { Operation, Pattern, Permission, Resource } from '../../src/security/acls/codes.ts';
import { allowedOperations, allowsSome, explain, type Subject } from '../../src/security/acls/decision.ts';

const { ALLOW, DENY } = Permission;
const { LITERAL, PREFIXED } = Pattern;
let nextId = 0;

function acl(differing: Partial<AccessControlEntry>): AccessControlEntry {
  return {
    id: String(nextId++),
    resourceType: Resource.TOPIC,
    resourceName: 'orders',
    patternType: LITERAL,
    principal: 'User:alice',
    host: '*',
    operation: Operation.READ,
    permissionType: ALLOW,
    ...differing,
  };
}

function subject(principal: string, address = '10.1.2.3'): Subject {
  const hostBytes = parseAddress(address);
  return { principal, host: hostBytes === null ? address : addressText(hostBytes), hostBytes };
}

interface Setting {
  readonly superUsers?: readonly string[];
  readonly allowsUncovered?: boolean;
  readonly readsBlocks?: boolean;
}

function rulesOf(entries: readonly AccessControlEntry[], setting: Setting = {}) {
  const { superUsers = [], allowsUncovered = false, readsBlocks = true } = setting;
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return { index: new AclIndex(byId, readsBlocks), superUsers: new Set(superUsers), allowsUncovered };
}

function may(
  entries: readonly AccessControlEntry[],
  operation: number,
  name = 'orders',
  who = subject('User:alice'),
  setting: Setting = {},
): boolean {
  const rules = rulesOf(entries, setting);
  const isAllowed = (allowedOperations(rules, who, Resource.TOPIC, name) & (1 << operation)) !== 0;
  expect(explain(rules, who, operation, Resource.TOPIC, name).isAllowed).toBe(isAllowed);
  return isAllowed;
}

describe('Kafka’s rules', () => {
  const { READ, WRITE, DESCRIBE, DELETE, ALTER, ALL, DESCRIBE_CONFIGS, ALTER_CONFIGS } = Operation;

  test('what no ACL is about is denied, or allowed where the broker says so', () => {
    expect(may([], READ)).toBe(false);
    expect(may([], READ, 'orders', subject('User:alice'), { allowsUncovered: true })).toBe(true);
    const ofOthers = [acl({ principal: 'User:bob' })];
    expect(may(ofOthers, READ, 'orders', subject('User:alice'), { allowsUncovered: true })).toBe(false);
  });

  test('a super user may do everything, whatever an ACL denies', () => {
    const denied = [acl({ permissionType: DENY, operation: ALL })];
    expect(may(denied, WRITE, 'orders', subject('User:alice'), { superUsers: ['User:alice'] })).toBe(true);
  });

  test.each([READ, WRITE, DELETE, ALTER])('an ALLOW of %i allows to describe', (operation) => {
    expect(may([acl({ operation })], DESCRIBE)).toBe(true);
  });

  test('an ALLOW to alter configurations allows to describe them', () => {
    expect(may([acl({ operation: ALTER_CONFIGS })], DESCRIBE_CONFIGS)).toBe(true);
    expect(may([acl({ operation: ALTER_CONFIGS })], DESCRIBE)).toBe(false);
  });

  test('a DENY implies nothing', () => {
    const entries = [acl({ operation: READ, permissionType: DENY }), acl({ operation: DESCRIBE })];
    expect(may(entries, DESCRIBE)).toBe(true);
    expect(may(entries, READ)).toBe(false);
  });

  test('a DENY goes before an ALLOW, wherever it stands', () => {
    const allow = acl({ resourceName: 'or', patternType: PREFIXED, operation: ALL });
    expect(may([allow], READ)).toBe(true);
    expect(may([allow, acl({ permissionType: DENY })], READ)).toBe(false);
    expect(may([acl({}), acl({ resourceName: '*', permissionType: DENY })], READ)).toBe(false);
    expect(may([acl({}), acl({ resourceName: 'o', patternType: PREFIXED, permissionType: DENY })], READ)).toBe(false);
  });

  test('a prefix is the beginning of a name, and all of it', () => {
    const allow = [acl({ resourceName: 'ord', patternType: PREFIXED })];
    expect(['ord', 'orders', 'or', 'order'].map((name) => may(allow, READ, name))).toEqual([true, true, false, true]);
    expect(may([acl({ resourceName: '*', patternType: PREFIXED })], READ)).toBe(false);
  });

  test('principals and hosts are compared whole, but for * and blocks', () => {
    expect(may([acl({ principal: 'User:*' })], READ)).toBe(true);
    expect(may([acl({ principal: 'Group:alice' })], READ)).toBe(false);
    expect(may([acl({ host: '10.1.2.3' })], READ)).toBe(true);
    expect(may([acl({ host: '10.1.2.4' })], READ)).toBe(false);
    const block = [acl({ host: '10.1.0.0/16' })];
    expect(may(block, READ)).toBe(true);
    expect(may(block, READ, 'orders', subject('User:alice', '10.2.0.1'))).toBe(false);
    expect(may(block, READ, 'orders', subject('User:alice', '::1'))).toBe(false);
    expect(may(block, READ, 'orders', subject('User:alice'), { readsBlocks: false })).toBe(false);
    const ofIpv6 = [acl({ host: 'fd00::/9' })];
    expect(may(ofIpv6, READ, 'orders', subject('User:alice', 'fd7f::1'))).toBe(true);
    expect(may(ofIpv6, READ, 'orders', subject('User:alice', 'fd80::1'))).toBe(false);
  });

  test('the decision names its ACL: a DENY first, then the one that is closest', () => {
    const close = acl({});
    const deny = acl({ resourceName: '*', permissionType: DENY, operation: WRITE });
    const rules = rulesOf([acl({ resourceName: 'o', patternType: PREFIXED, operation: ALL }), close, deny]);
    const who = subject('User:alice');
    expect(explain(rules, who, READ, Resource.TOPIC, 'orders').reason).toEqual({ rule: 'MatchingAcl', entry: close });
    expect(explain(rules, who, WRITE, Resource.TOPIC, 'orders').reason).toEqual({ rule: 'MatchingAcl', entry: deny });
    expect(explain(rules, who, READ, Resource.TOPIC, 'x').reason).toEqual({ rule: 'DefaultDeny' });
  });
});

describe('some resource of a type', () => {
  const some = (entries: readonly AccessControlEntry[], setting: Setting = {}): boolean =>
    allowsSome(rulesOf(entries, setting), subject('User:alice'), Operation.WRITE, Resource.TOPIC);
  const write = { operation: Operation.WRITE };

  test('is any that may be used by its name or prefix', () => {
    expect(some([])).toBe(false);
    expect(some([], { allowsUncovered: true })).toBe(true);
    expect(some([acl(write)])).toBe(true);
    expect(some([acl({ operation: Operation.ALL })])).toBe(true);
    expect(some([acl({ operation: Operation.READ })])).toBe(false);
    expect(some([acl({ ...write, principal: 'User:bob' })])).toBe(false);
  });

  test('is none where a DENY covers all that is allowed', () => {
    const deny = { ...write, permissionType: DENY };
    expect(some([acl(write), acl(deny)])).toBe(false);
    expect(some([acl(write), acl({ ...deny, resourceName: 'o', patternType: PREFIXED })])).toBe(false);
    expect(some([acl(write), acl({ ...deny, resourceName: '*' })])).toBe(false);
    expect(some([acl({ ...write, resourceName: '*' }), acl(deny)])).toBe(true);
    const prefixed = acl({ ...write, patternType: PREFIXED });
    expect(some([prefixed, acl(deny)])).toBe(true);
    expect(some([prefixed, acl({ ...deny, resourceName: 'or', patternType: PREFIXED })])).toBe(false);
    expect(
      some([acl({ ...write, resourceName: 'o', patternType: PREFIXED }), acl({ ...deny, patternType: PREFIXED })]),
    ).toBe(true);
  });
});

const IMPLIED: Readonly<Record<number, readonly number[]>> = {
  [Operation.DESCRIBE]: [Operation.READ, Operation.WRITE, Operation.DELETE, Operation.ALTER],
  [Operation.DESCRIBE_CONFIGS]: [Operation.ALTER_CONFIGS],
};

/** All ACLs, one after the other. */
function readAll(entries: readonly AccessControlEntry[], who: Subject, operation: number, name: string): boolean {
  const ofName = entries.filter(({ resourceName, patternType }) =>
    patternType === PREFIXED ? name.startsWith(resourceName) : resourceName === name || resourceName === '*',
  );
  const ofClient = ofName.filter(
    ({ principal, host }) => [who.principal, 'User:*'].includes(principal) && [who.host, '*'].includes(host),
  );
  const says = (permission: number, operations: readonly number[]) =>
    ofClient.some((one) => one.permissionType === permission && operations.includes(one.operation));
  if (says(DENY, [operation, Operation.ALL])) return false;
  return says(ALLOW, [operation, Operation.ALL, ...(IMPLIED[operation] ?? [])]);
}

test('prefixes of the same hash are told apart', () => {
  const prefixed = acl({ resourceName: 'declinate', patternType: PREFIXED });
  expect(may([prefixed], Operation.READ, 'declinate-1')).toBe(true);
  expect(may([prefixed], Operation.READ, 'macallums-1')).toBe(false); // by FNV-1a
});

test('the index decides as all ACLs read one by one do, while they come and go', () => {
  const random = seededRandom(22);
  const one = <T>(from: readonly T[]): T => from[Math.floor(random.float() * from.length)];
  const operations = Object.values(Operation).filter((code) => code !== Operation.ANY);
  const names = ['a', 'ab', 'abc', 'abcd', 'b', 'ba', '*'];
  const [principals, hosts] = [
    ['User:alice', 'User:bob', 'User:*'],
    ['10.0.0.1', '10.0.0.2', '*'],
  ];
  let allowed = 0;
  const index = new AclIndex(new Map(), true);
  const rules = { index, superUsers: new Set<string>(), allowsUncovered: false };
  let entries: AccessControlEntry[] = [];
  for (let set = 0; set < 2000; set++) {
    const more = Array.from({ length: Math.floor(random.float() * 10) }, () =>
      acl({
        resourceName: one(names),
        patternType: one([LITERAL, PREFIXED]),
        principal: one(principals),
        host: one(hosts),
        operation: one(operations),
        permissionType: random.float() < 0.7 ? ALLOW : DENY,
      }),
    );
    entries = entries.filter(() => random.float() < 0.5).concat(more);
    index.follow(new Map(entries.map((entry) => [entry.id, entry])));
    for (let asked = 0; asked < 100; asked++) {
      const [who, operation, name] = [subject(one(principals), one(hosts.slice(0, 2))), one(operations), one(names)];
      if (operation === Operation.ALL) continue; // nobody asks for it
      const isAllowed = (allowedOperations(rules, who, Resource.TOPIC, name) & (1 << operation)) !== 0;
      if (isAllowed !== readAll(entries, who, operation, name)) {
        throw new Error(`${isAllowed ? 'allows' : 'denies'} ${JSON.stringify({ who, operation, name, entries })}`);
      }
      if (isAllowed) allowed++;
    }
  }
  expect(allowed).toBeGreaterThan(10_000);
});

test('an index that follows thousands of ACLs from copy to copy decides as one that is made anew', () => {
  const entry = (at: number) => acl({ resourceName: `t${at}`, principal: 'User:alice', operation: Operation.READ });
  const mayRead = (index: AclIndex, name: string): boolean => {
    const rules = { index, superUsers: new Set<string>(), allowsUncovered: false };
    return (
      (allowedOperations(rules, subject('User:alice', '10.0.0.1'), Resource.TOPIC, name) & (1 << Operation.READ)) !== 0
    );
  };
  let entries = SharingMap.copyOf(new Map(Array.from({ length: 2000 }, (_, at) => [`id${at}`, entry(at)])));
  const index = new AclIndex(entries, true);
  for (let at = 0; at < 300; at++) {
    entries = SharingMap.copyOf(entries);
    entries.delete(`id${at}`);
    entries.set(`id${2000 + at}`, entry(2000 + at));
    index.follow(entries);
  }
  const anew = new AclIndex(entries, true);
  const names = Array.from({ length: 2300 }, (_, at) => `t${at}`);
  expect(names.filter((name) => mayRead(index, name))).toEqual(names.slice(300));
  expect(names.filter((name) => mayRead(anew, name))).toEqual(names.slice(300));
});
