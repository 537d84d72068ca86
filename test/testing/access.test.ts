/** A test of who may do what, in a few lines: acls, quotas, and what was denied. */
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { afterEach, expect, test } from 'vitest';
import { startBroker, type StartOptions, type TestBroker } from '../../src/testing/index.ts';
import { matchers } from '../../src/testing/matchers.ts';

let kafka: TestBroker;
afterEach(() => kafka.stop());

const users = { alice: 'secret', admin: { password: 'x', superUser: true } };

async function begin(options: StartOptions): Promise<void> {
  kafka = await startBroker({ users, topics: ['orders', 'audit'], leftovers: 'ignore', ...options });
}

function clientOf(user: string): Kafka {
  return new Kafka({ ...kafka.clientOptions(user), logLevel: logLevel.NOTHING, retry: { retries: 0 } });
}

async function produce(user: string, topic: string, value = 'x'): Promise<void> {
  const producer = clientOf(user).producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

test('a user may do what acls say, and a super user everything', async () => {
  await begin({ acls: { alice: ['write topic orders'] } });
  await produce('alice', 'orders');
  await produce('admin', 'audit');
  expect(matchers.toHaveDenied(kafka, { user: 'alice' }).pass).toBe(false);
  await expect(produce('alice', 'audit')).rejects.toThrow('uthoriz');
  const denial = await kafka.waitForDenied({ user: 'alice', topic: 'audit' });
  expect(denial).toMatchObject({ operation: 'describe', api: 'Metadata', reason: 'no line of acls allows it' });
  expect(denial.allow).toBe(`"alice": ['describe topic audit']`);
  expect(matchers.toHaveDenied(kafka, { user: 'alice', topic: 'audit' }).pass).toBe(true);
  expect(matchers.toHaveDenied(kafka).message()).toContain(
    `alice may not describe topic audit (Metadata): no line of acls allows it; to allow it: acls: { "alice": ['describe topic audit'] }`,
  );
  expect(kafka.traffic.of('Metadata').map(({ principal }) => principal)).toContain('User:alice');
});

test('acls are added, explained and removed while it runs', async () => {
  await begin({ acls: { alice: ['write topic orders*', 'deny write topic orders-old'] } });
  const { acls } = kafka;
  const may = (topic: string) => acls.explain('alice', 'write', { topic });
  expect(may('orders-new')).toEqual({ allowed: true, reason: "'write topic orders*' of alice" });
  expect(may('orders-old')).toEqual({ allowed: false, reason: "'deny write topic orders-old' of alice" });
  expect(may('audit')).toEqual({ allowed: false, reason: 'no line of acls allows it' });
  expect(acls.explain('admin', 'write', { topic: 'audit' }).reason).toBe('a super user may do everything');
  await acls.add('alice', 'write topic audit', 'read group billing-* from 10.0.0.1', 'create cluster');
  await produce('alice', 'audit');
  expect(acls.list().alice).toEqual([
    'write topic orders*',
    'deny write topic orders-old',
    'write topic audit',
    'read group billing-* from 10.0.0.1',
    'create cluster',
  ]);
  await acls.remove('alice', 'write topic audit');
  await expect(produce('alice', 'audit')).rejects.toThrow('uthoriz');
  await kafka.reset();
  expect(acls.list().alice).toEqual(['write topic orders*', 'deny write topic orders-old']);
  expect(kafka.refusals.denials).toEqual([]);
});

test.each(['describe-configs', 'DESCRIBE_CONFIGS', 'describeConfigs'])(
  'a denial has its operation: %s',
  async (operation) => {
    await begin({ acls: { alice: ['describe topic orders'] } });
    const admin = clientOf('alice').admin();
    await admin.connect();
    const asked = admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: 'orders' }],
    });
    await expect(asked).rejects.toThrow('uthoriz');
    await admin.disconnect();
    expect(matchers.toHaveDenied(kafka, { operation }).pass).toBe(true);
  },
);

test('a fork has the acls and quotas of its broker', async () => {
  await begin({ acls: { alice: ['write topic orders'] }, quotas: { '*': { requestPercentage: 50 } } });
  await kafka.acls.add('alice', 'write topic audit');
  await using fork = await kafka.fork();
  expect(fork.acls.list().alice).toEqual(['write topic orders', 'write topic audit']);
  expect(fork.acls.explain('alice', 'write', { topic: 'audit' }).allowed).toBe(true);
});

test('what any of several brokers refuses is seen, and what it would decide', async () => {
  await begin({
    brokers: 3,
    topics: [{ name: 'orders', partitions: 3 }, 'audit'],
    acls: { alice: ['write topic orders'] },
  });
  for (let at = 0; at < 3; at++) await produce('alice', 'orders', `value ${at}`);
  await expect(produce('alice', 'audit')).rejects.toThrow('uthoriz');
  expect(await kafka.waitForDenied({ user: 'alice', topic: 'audit' })).toMatchObject({ operation: 'describe' });
  expect(matchers.toHaveDenied(kafka, { user: 'alice', topic: 'audit' }).pass).toBe(true);
  await kafka.acls.add('alice', 'write topic audit');
  await produce('alice', 'audit');
  expect(kafka.acls.explain('alice', 'write', { topic: 'audit' }).allowed).toBe(true);
  expect(kafka.acls.explain('alice', 'read', { topic: 'audit' })).toEqual({
    allowed: false,
    reason: 'no line of acls allows it',
  });
});

test('a producer above its quota is throttled', async () => {
  await begin({ quotas: { alice: { producerByteRate: '1KB' } } });
  await produce('alice', 'orders', 'x'.repeat(11_000));
  const throttle = await kafka.waitForThrottled({ user: 'alice' });
  expect(throttle).toMatchObject({ api: 'Produce', quota: 'producer_byte_rate' });
  expect(throttle.throttleTimeMs).toBeGreaterThan(0);
  expect(matchers.toHaveThrottled(kafka, { user: 'alice', quota: 'producer_byte_rate' }).pass).toBe(true);
  expect(matchers.toHaveThrottled(kafka, { user: 'admin' }).pass).toBe(false);
});

test('a fault strikes the requests of one user', async () => {
  await begin({});
  kafka.faults.on('Produce', { user: 'alice' }).reply('TOPIC_AUTHORIZATION_FAILED').times(1);
  await produce('admin', 'orders');
  await expect(produce('alice', 'orders')).rejects.toThrow('uthoriz');
});

test.each<[StartOptions, RegExp]>([
  [{ acls: { alice: ['fly topic orders'] } }, /'fly' is none of all, read/],
  [{ acls: { alice: ['read orders'] } }, /'orders' is none of topic, group/],
  [{ acls: { alice: ['read topic'] } }, /has no name/],
  [{ acls: { alice: ['write group g'] } }, /no permission to write a group/],
  [{ quotas: { alice: { producerByteRate: 'much' as never } } }, /'much' is no quota/],
])('%j is refused', async (options, message) => {
  await begin({});
  await expect(startBroker(options)).rejects.toThrow(message);
});
