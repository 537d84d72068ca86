import { expect, test } from 'vitest';
import type { TestBroker } from '../../src/testing/index.ts';
import { startBroker } from './backends.ts';
import { client, Clients } from './kafkajs-clients.ts';

const causes = (kafka: TestBroker, group: string): string[] => kafka.why(group).map(({ cause }) => cause);

test('a group that nobody has joined is not there; one whose members have left has none', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  expect(causes(kafka, 'billing')).toEqual(['no-such-group']);
  await kafka.produce('orders', 'a');
  const consumer = await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForLag('billing', 0);
  expect(causes(kafka, 'billing')).toEqual(['all-read']);
  await consumer.disconnect();
  const [finding] = kafka.why('billing');
  expect(finding.cause).toBe('no-members');
  expect(finding.evidence.join(' ')).toMatch(/The last member, app, went .* ago: it left the group\./);
});

test('a fault that keeps records back is named as it was made', async () => {
  await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  await using clients = new Clients();
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing');
  await kafka.waitUntil(() => kafka.traffic.of('Fetch').length > 0);
  kafka.faults.pause({ topic: 'orders' });
  await kafka.produce('orders', 'a');
  expect(causes(kafka, 'billing')[0]).toBe('hindered');
  expect(kafka.why('billing')[0].sentence).toContain('on Produce, Fetch topic "orders": pause');
  kafka.faults.clear();
  await kafka.waitForLag('billing', 0);
});

test('a transaction that stays open is named by its id, with the partition that it holds back', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing');
  const producer = await clients.producer(kafka, { transactionalId: 'payments', maxInFlightRequests: 1 });
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'a' }] });
  expect(kafka.why('billing')[0]).toMatchObject({
    cause: 'open-transaction',
    sentence: expect.stringMatching(
      /^A transaction of 'payments' has been open .* holds back orders\[0\] from offset 0 on\.$/,
    ),
  });
  await transaction.abort();
  await kafka.waitUntil(() => kafka.messages('orders', { isolation: 'read_committed' }).length === 0);
  expect(causes(kafka, 'billing')).not.toContain('open-transaction');
});

test('more members than partitions, and a name that is nearly that of a topic with records', async () => {
  await using kafka = await startBroker({ topics: ['order', 'orders'] });
  await using clients = new Clients();
  await kafka.produce('order', 'a');
  await clients.consumer(kafka, 'billing', 'orders');
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing', { state: 'Stable', members: 2 });
  expect(causes(kafka, 'billing')).toEqual(expect.arrayContaining(['similar-topic', 'idle-members', 'all-read']));
});

test('a consumer that begins at the end is told from one that has nothing to read', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await kafka.produce('orders', ['a', 'b']);
  const consumer = client(kafka).consumer({ groupId: 'billing', maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: 'orders', fromBeginning: false });
    await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
    await kafka.waitUntil(() => kafka.traffic.of('Fetch').length > 0);
    expect(kafka.why('billing')[0]).toMatchObject({
      cause: 'began-at-end',
      evidence: ['orders[0] holds offsets 0 to 1.'],
    });
  } finally {
    await consumer.disconnect();
  }
});

test('a wait for a group that times out says why', async () => {
  await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  await using clients = new Clients();
  await clients.consumer(kafka, 'billing', 'orders');
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing', { members: 2 });
  const wait = kafka.waitForGroup('billing', { members: 2, assigned: 2 }, { timeout: 50 });
  await expect(wait).rejects.toThrow(/why: app has no partition: the group has 2 members for 1 partition\./);
});
