/** What a test reads when a wait or an expectation fails. */
import { stripVTControlCharacters } from 'node:util';
import { expect, test, vi } from 'vitest';
import { startBroker } from './backends.ts';
import { matchers } from '../../src/testing/matchers.ts';
import { Clients } from './kafkajs-clients.ts';
import { ClassicMember } from './raw-members.ts';

expect.extend(matchers);

async function failureOf(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

test('the stack of a wait that failed begins in the test', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  const error = await failureOf(() => kafka.waitForMessages('orders', 2, { timeout: 1 }));
  const [first] = error.stack!.split('\n').filter((line) => line.trimStart().startsWith('at '));
  expect(first).toContain('failure-messages.test.ts');
});

test.each([
  ['messages', (kafka) => kafka.waitForMessages('orders', 2, { timeout: 1 }), "for 2 messages in 'orders', found 1"],
  [
    'one that matches',
    (kafka) => kafka.waitForMessages('orders', () => false, { timeout: 1 }),
    "for a message in 'orders' that matches, found none among 1",
  ],
  [
    'those that match',
    (kafka) => kafka.waitForMessages('orders', 1, { where: () => false, timeout: 1 }),
    "for 1 message in 'orders' that matches, found 0",
  ],
  [
    'a group',
    (kafka) => kafka.waitForGroup('billing', { state: 'Stable', members: 2 }, { timeout: 1 }),
    "for group 'billing' to be Stable with 2 members, found no such group",
  ],
  [
    'a commit',
    (kafka) => kafka.waitForCommit('billing', { topic: 'orders', partition: 0, offset: 3 }, { timeout: 1 }),
    "for group 'billing' to commit offset 3 of orders[0], found nothing committed",
  ],
  [
    'lag',
    (kafka) => kafka.waitForLag('billing', 0, { timeout: 1 }),
    "for group 'billing' to have 0 records left to read, found nothing committed or assigned",
  ],
  ['a condition', (kafka) => kafka.waitUntil(() => false, { what: 'the moon', timeout: 1 }), 'for the moon, found'],
] satisfies [string, (kafka: Awaited<ReturnType<typeof startBroker>>) => Promise<unknown>, string][])(
  'a wait for %s says what it found, in which test',
  async (_what, wait, sentence) => {
    await using kafka = await startBroker({ topics: ['orders'] });
    await kafka.produce('orders', 'only one');
    const { message } = await failureOf(() => wait(kafka));
    expect(message).toContain(`waited 1 ms ${sentence}`);
    expect(message).toContain("in the test 'a wait for ");
  },
);

test('a fetch that its consumer has left waiting is of no note', async () => {
  await using kafka = await startBroker({ topics: ['orders'], maxFetchWait: 0 });
  const consumer = await ClassicMember.connect(kafka, null, ['orders'], 'app');
  const waiting = consumer.fetch('orders', 0, 0, 60_000).catch(() => {});
  await vi.waitFor(() => expect(kafka.traffic.all.at(-1)).toMatchObject({ api: 'Fetch', outcome: 'waiting' }));
  await consumer.close();
  await waiting;
  await vi.waitFor(() => expect(kafka.traffic.all.at(-1)!.outcome).toBe('disconnected'));
  expect(kafka.describe()).not.toContain('Fetch');
});

test('of the requests those are shown that matter, and a group has one line', async () => {
  await using kafka = await startBroker({ topics: ['orders', 'other'] });
  await using clients = new Clients();
  kafka.faults.on('Heartbeat').delay('1ms').once();
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing');
  const producer = await clients.producer(kafka);
  await producer.send({ topic: 'other', messages: [{ value: 'not looked at' }] });
  await producer.send({ topic: 'orders', messages: [{ value: 'looked at' }] });
  await kafka.waitForLag('billing');
  const beats = kafka.traffic.of('Heartbeat').length;
  await kafka.waitUntil(() => kafka.traffic.of('Heartbeat').length >= beats + 3);
  const { message } = await failureOf(() => kafka.waitForMessages('orders', 9, { timeout: 1 }));
  expect(message.match(/group billing:/g)).toHaveLength(1);
  expect(message).toMatch(/Produce v\d+ orders\[0\]/);
  expect(message).toContain('[fault 1: delay]');
  expect(message).not.toContain('Produce v7 other[0]');
  expect(message.match(/ Heartbeat v/g)).toHaveLength(1);
  const ofGroup = await failureOf(() => kafka.waitForGroup('billing', { members: 7 }, { timeout: 1 }));
  expect(ofGroup.message).toContain("group 'billing' to have 7 members, found Stable with 1 member");
  expect(ofGroup.message.match(/group billing:/g)).toHaveLength(1);
});

test('other waits that go on are shown', async () => {
  await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  void kafka.waitForMessages('orders', 7);
  expect(kafka.describe()).toMatch(/waiting for 7 messages in 'orders', since \d+ ms \(test\/testing\/failure-/);
});

test('toHaveMessage shows how the nearest message differs, as JSON', async () => {
  await using kafka = await startBroker();
  await kafka.produce('orders', [
    { key: 'ada', value: { id: 7, total: 15, lines: [{ sku: 'x' }] } },
    { key: 'bob', value: { id: 8, total: 3 } },
  ]);
  const { message } = await failureOf(() =>
    expect(kafka).toHaveMessage('orders', { key: 'ada', value: { id: 7, total: 16 } }),
  );
  expect(message).toContain('the nearest, orders[0]@0:');
  const plain = stripVTControlCharacters(message);
  expect(plain).toMatch(/-\s+"total": 16,/);
  expect(plain).toMatch(/\+\s+"total": 15,/);
  expect(plain).not.toMatch(/[-+]\s+"id"/);
});

test('toHaveMessages wants all of them in order, and shows the difference', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }] });
  await kafka.produce('orders', [
    { value: { id: 1 }, partition: 1, timestamp: 1 },
    { value: { id: 2 }, partition: 0, timestamp: 2 },
    { value: { id: 3 }, partition: 1, timestamp: 3 },
  ]);
  expect(kafka).toHaveMessages('orders', [{ value: { id: 1 } }, { value: { id: 2 } }, { value: { id: 3 } }]);
  expect(kafka).not.toHaveMessages('orders', [{ value: { id: 1 } }, { value: { id: 3 } }, { value: { id: 2 } }]);
  const { message } = await failureOf(() => expect(kafka).toHaveMessages('orders', [{ value: { id: 1 } }]));
  expect(message).toContain("expected topic 'orders' to have exactly 1 message, in order, found 3 messages");
});

test('expectNoMessages passes when none comes, and fails at the first that does', async () => {
  await using kafka = await startBroker({ topics: ['refunds'] });
  await kafka.expectNoMessages('refunds', { within: '20ms' });
  const failing = kafka.expectNoMessages('refunds', { within: '1m' });
  await kafka.produce('refunds', 'sorry');
  const error = await failureOf(() => failing);
  expect(error.message).toContain(
    'expected no messages in \'refunds\' for 60000 ms, found one:\n    refunds[0]@0 null → "sorry"',
  );
  expect(error.stack).toMatch(/\n\s+at .*failure-messages\.test\.ts/);
  await kafka.expectNoMessages('refunds', { within: 1, where: ({ value }) => value === 'thanks' });
});
