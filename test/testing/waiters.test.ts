import { expect, test } from 'vitest';
import { WaitTimeout } from '../../src/testing/index.ts';
import { startBroker } from './backends.ts';
import { Clients } from './kafkajs-clients.ts';

test('messages are waited for by number, by what they say, and counted where they fit', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const three = kafka.waitForMessages('orders', 3);
  const paid = kafka.waitForMessages('orders', ({ json }) => (json as { state: string }).state === 'paid');
  const twoNew = kafka.waitForMessages('orders', 2, { where: ({ value }) => value!.includes('new') });
  const producer = await clients.producer(kafka);
  for (const state of ['new', 'paid', 'new']) {
    await producer.send({ topic: 'orders', messages: [{ value: JSON.stringify({ state }) }] });
  }
  expect((await three).map(({ offset }) => offset)).toEqual([0, 1, 2]);
  expect((await paid).map(({ offset }) => offset)).toEqual([1]);
  expect((await twoNew).map(({ offset }) => offset)).toEqual([0, 2]);
});

test('messages of a topic that is made later are waited for, too', async () => {
  await using kafka = await startBroker();
  const waiting = kafka.waitForMessages('later');
  await kafka.produce('later', 'here I am');
  expect((await waiting)[0].value).toBe('here I am');
});

test('a group is waited for by state, members and assignment, its commits and lag too', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 4 }] });
  await using clients = new Clients();
  await kafka.produce('orders', [
    { value: 'a', partition: 0 },
    { value: 'b', partition: 3 },
  ]);
  await clients.consumer(kafka, 'billing', 'orders');
  const one = await kafka.waitForGroup('billing', { state: 'Stable', members: 1, assigned: 4 });
  expect(one.members[0]).toMatchObject({ clientId: 'app' });
  expect(one.members[0].assignment).toHaveLength(4);
  expect(await kafka.waitForCommit('billing', { topic: 'orders', partition: 3, offset: 1 })).toMatchObject({
    offset: 1,
  });
  const two = await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing', { state: 'Stable', members: 2 });
  await two.disconnect();
  await kafka.waitForGroup('billing', { state: 'Stable', members: 1, assigned: 4 });
  const { lag } = await kafka.waitForLag('billing', 0);
  expect(lag).toBe(0);
});

test('idle is when nobody has anything to do', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const values: string[] = [];
  await clients.consumer(kafka, 'billing', 'orders', values);
  await kafka.waitUntil(() => kafka.traffic.of('Fetch').length > 0);
  await kafka.produce('orders', ['a', 'b', 'c']);
  await kafka.waitForIdle({ quiet: 300 });
  expect(values).toEqual(['a', 'b', 'c']);
  expect(kafka.group('billing')).toMatchObject({ lag: 0, offsets: [{ topic: 'orders', partition: 0, offset: 3 }] });
});

test('who waits in vain is told what there was instead', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const rule = kafka.faults.on('OffsetCommit').reply('REBALANCE_IN_PROGRESS').once();
  await kafka.produce('orders', { key: 'k', value: 'the only one', headers: { h: 'x' } });
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitUntil(() => rule.fired === 1);
  await kafka.waitForGroup('billing', { state: 'Stable', members: 1 });
  const error = await kafka.waitForMessages('orders', 2, { timeout: 50 }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WaitTimeout);
  const { message } = error as Error;
  expect(message).toContain(
    "waited 50 ms for 2 messages in 'orders', found 1\n  in the test 'who waits in vain is told what there was instead'",
  );
  expect(message).toContain('orders[0]@0 "k" → "the only one" h: "x"');
  expect(message).toMatch(/group billing: \w+, 1 member: app/); // it may be joining again
  expect(message).toContain('app OffsetCommit orders[0] REBALANCE_IN_PROGRESS');
  expect(message).toMatch(/clients connected: app \(\d\)/);
  await expect(kafka.waitForGroup('nobody', { state: 'Dead' }, { timeout: 1 })).resolves.toMatchObject({ members: [] });
  await expect(kafka.waitForCommit('nobody', {}, { timeout: 1 })).rejects.toThrow('group nobody: does not exist');
  await expect(kafka.waitForMessages('no-such-topic', 1, { timeout: 1 })).rejects.toThrow(
    'topic no-such-topic: does not exist; topics: orders',
  );
});

test('a broker that stops tells those who wait', async () => {
  const kafka = await startBroker({ leftovers: 'ignore' });
  const waiting = kafka.waitForMessages('orders');
  await kafka.stop();
  await expect(waiting).rejects.toThrow('the broker was stopped while a test waited for it');
});
