/** The authorizer remembers decisions until an ACL changes, and tells of refusals as Kafka's audit log does. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { emptyImage, type AccessControlEntry, type ClusterImage } from '../../src/cluster/image.ts';
import { silentLogger, type Facts, type LeveledLogger } from '../../src/platform/logger.ts';
import { boundedKey } from '../../src/platform/bounded-key.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { AuditLog } from '../../src/security/acls/audit-log.ts';
import { AclAuthorizer } from '../../src/security/acls/authorizer.ts';
import { Operation, Permission, Resource } from '../../src/security/acls/codes.ts';
import { anyOf, clusterAction, describe as toDescribe, quietly, read, write } from '../../src/security/needs.ts';
import { READ_ORDERS } from './read-orders.ts';

function setting(...acls: Partial<AccessControlEntry>[]) {
  const lines: { event: string; facts: Facts }[] = [];
  const clock = new VirtualClock();
  const logger: LeveledLogger = {
    ...silentLogger,
    level: 'info',
    levels: new Map(),
    info: (event: string, facts: Facts = {}) => void lines.push({ event, facts }),
    debug: (event: string, facts: Facts = {}) => void lines.push({ event, facts }),
  };
  const image = { now: imageOf(acls) };
  const authorizer = new AclAuthorizer({
    image: () => image.now,
    superUsers: new Set(['User:root']),
    allowsUncovered: false,
    audit: new AuditLog(logger, clock),
  });
  const alice = authorizer.accessOf({ principal: { type: 'User', name: 'alice' }, clientHost: '127.0.0.1' });
  return {
    authorizer,
    alice,
    lines,
    logger,
    clock,
    set: (...changed: Partial<AccessControlEntry>[]) => (image.now = imageOf(changed)),
  };
}

function imageOf(acls: readonly Partial<AccessControlEntry>[]): ClusterImage {
  const entries = acls.map((acl, i): [string, AccessControlEntry] => [`${i}`, { id: `${i}`, ...READ_ORDERS, ...acl }]);
  return { ...emptyImage('c'), features: new Map([['metadata.version', 33]]), accessControlEntries: new Map(entries) };
}

test('a decision stands until an ACL changes', () => {
  const { alice, set } = setting({});
  expect(alice.errorOf(read.topic('orders'), 'Fetch')).toBe(0);
  expect(alice.errorOf(read.topic('orders'), 'Fetch')).toBe(0);
  set({ permissionType: Permission.DENY });
  expect(alice.errorOf(read.topic('orders'), 'Fetch')).toBe(29);
  set({});
  expect(alice.errorOf(read.topic('orders'), 'Fetch')).toBe(0);
});

test('a block of hosts counts from metadata.version 4.4-IV1 on', () => {
  const { authorizer, alice } = setting({ host: '127.0.0.0/8' });
  expect(alice.errorOf(read.topic('orders'), 'Fetch')).toBe(0);
  const older = new AclAuthorizer({
    image: () => ({ ...imageOf([{ host: '127.0.0.0/8' }]), features: new Map([['metadata.version', 31]]) }),
    superUsers: new Set(),
    allowsUncovered: false,
    audit: authorizer.audit,
  });
  const again = older.accessOf({ principal: { type: 'User', name: 'alice' }, clientHost: '127.0.0.1' });
  expect(again.errorOf(read.topic('orders'), 'Fetch')).toBe(29);
});

test('needs are asked in order, and the first that is lacking tells its error', () => {
  const { alice } = setting({});
  expect(alice.errorOf([read.topic('orders'), read.group('g')], 'X')).toBe(30);
  expect(alice.errorOf([read.group('g'), write.topic('orders')], 'X')).toBe(30);
  expect(alice.errorOf(anyOf(clusterAction, toDescribe.topic('orders')), 'X')).toBe(0);
  expect(alice.errorOf(anyOf(clusterAction, toDescribe.topic('other')), 'X')).toBe(29);
  expect(alice.errorOf(null, 'X')).toBe(0);
});

test('what a client may ask for is a bit for each operation that there is for the type', () => {
  const { alice, authorizer } = setting({});
  expect(alice.operationsOn(Resource.TOPIC, 'orders')).toBe((1 << Operation.READ) | (1 << Operation.DESCRIBE));
  expect(alice.operationsOn(Resource.GROUP, 'orders')).toBe(0);
  const root = authorizer.accessOf({ principal: { type: 'User', name: 'root' }, clientHost: '::1' });
  expect(root.operationsOn(Resource.TRANSACTIONAL_ID, 'x')).toBe(0b1000000100010000);
});

test('a refusal is told in Kafka’s words, with the command that would allow it', () => {
  const { alice, lines } = setting();
  alice.errorOf(read.topic('orders'), 'Fetch', 3);
  expect(lines).toEqual([
    {
      event: 'kafka.authorizer.logger',
      facts: {
        message:
          'Principal = User:alice is Denied operation = READ from host = 127.0.0.1 on resource = Topic:LITERAL:orders ' +
          'for request = Fetch with resourceRefCount = 3 based on rule DefaultDeny',
        repeats: undefined,
        next: 'to allow it: kafka-acls --add --allow-principal User:alice --operation Read --topic orders',
      },
    },
  ]);
});

test('a refusal by an ACL names it', () => {
  const { alice, lines } = setting({ permissionType: Permission.DENY });
  alice.errorOf(read.topic('orders'), 'Fetch');
  expect(lines[0].facts.message).toMatch(
    / based on rule MatchingAcl\(acl=StandardAcl\(resourceType=TOPIC, resourceName=orders, patternType=LITERAL, principal=User:alice, host=\*, operation=READ, permissionType=DENY\)\)$/,
  );
});

test('the same refusal within a minute is counted, and told with the next', async () => {
  const { alice, lines, clock } = setting();
  for (let i = 0; i < 5; i++) alice.errorOf(read.topic('orders'), 'Fetch');
  expect(lines).toHaveLength(1);
  alice.errorOf(read.topic('other'), 'Fetch');
  expect(lines).toHaveLength(2);
  await clock.advance(60_000);
  alice.errorOf(read.topic('orders'), 'Fetch');
  expect(lines[2].facts.repeats).toBe(4);
});

test('grants are told only where that is asked for, and what is asked quietly is not told when it is refused', () => {
  const { authorizer, alice, lines, logger } = setting({});
  logger.level = 'debug'; // the root's is no question here, as in Kafka
  alice.errorOf(read.topic('orders'), 'Fetch');
  alice.errorOf(quietly(read.topic('other')), 'Fetch');
  expect(lines).toEqual([]);
  expect(authorizer.audit).toMatchObject({ allowed: 1, denied: 1 });
  logger.levels = new Map([['kafka.authorizer.logger', 'debug']]);
  alice.errorOf(read.topic('orders'), 'Fetch');
  expect(lines[0].facts.message).toMatch(/is Allowed .* based on rule MatchingAcl/);
});

test('a refusal that nobody wanted to know is told once its logger is at INFO', () => {
  const { alice, lines, logger } = setting();
  logger.level = 'warn';
  alice.errorOf(read.topic('orders'), 'Fetch');
  expect(lines).toEqual([]);
  logger.levels = new Map([['kafka.authorizer.logger', 'info']]);
  alice.errorOf(read.topic('orders'), 'Fetch');
  expect(lines).toHaveLength(1);
});

test.each([
  ['allowed', 'x'],
  ['refused', 'y'],
])('long names that are %s are not kept', (_what, first) => {
  const { alice, lines } = setting({ resourceName: 'x', patternType: 4 });
  const before = heapUsed();
  for (let i = 0; i < 2000; i++) {
    alice.errorOf(read.topic(Buffer.alloc(30_000, `${first}${i} `).toString()), 'Fetch');
    lines.length = 0;
  }
  expect(heapUsed() - before).toBeLessThan(20e6); // of 60 MB
  expect(alice.errorOf(read.topic('x'), 'Fetch')).toBe(0); // it is still there itself
});

/** Without what nobody refers to. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('a long name, and one that looks like the key of it, are two', () => {
  const { alice, lines } = setting({ resourceName: 'x', patternType: 4 });
  const [allowed, other] = ['x', 'z'].map((first) => first.padEnd(30_000, 'y'));
  const errorsOf = (name: string) => [1, 2].map(() => alice.errorOf(read.topic(name), 'Fetch'));
  expect([allowed, other, boundedKey(allowed)].map(errorsOf)).toEqual([
    [0, 0],
    [29, 29],
    [29, 29],
  ]);
  expect(lines).toHaveLength(2); // each refusal once
});

test('no more than so many names are remembered', () => {
  const { alice } = setting({ resourceName: 'o', patternType: 4 });
  for (let i = 0; i < 25_000; i++) expect(alice.errorOf(read.topic(`o${i}`), 'Fetch')).toBe(0);
});
