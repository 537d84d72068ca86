import { expect, test } from 'vitest';
import { startBroker } from './backends.ts';
import { Clients } from './kafkajs-clients.ts';

test('eight days of retention pass in a moment', async () => {
  await using kafka = await startBroker({ clock: 'virtual', topics: ['orders'] });
  await kafka.produce('orders', ['old', 'older']);
  const began = kafka.clock.now();
  await kafka.clock.advance('6d');
  expect(kafka.messages('orders')).toHaveLength(2);
  await kafka.clock.advance('2d');
  expect(kafka.messages('orders')).toHaveLength(0);
  expect(kafka.clock.now() - began).toBe(8 * 86_400_000);
});

test('compaction happens when its time has come', async () => {
  await using kafka = await startBroker({
    clock: 'virtual',
    topics: [
      {
        name: 'prices',
        configs: { 'cleanup.policy': 'compact', 'segment.ms': '60000', 'min.cleanable.dirty.ratio': '0.01' },
      },
    ],
  });
  await kafka.produce('prices', [
    { key: 'apple', value: '1' },
    { key: 'pear', value: '2' },
    { key: 'apple', value: '3' },
  ]);
  await kafka.clock.advance('2m');
  await kafka.produce('prices', { key: 'plum', value: '4' }); // what is written last stays out of it
  await kafka.clock.advance('10m');
  expect(kafka.messages('prices').map(({ key, value }) => `${key}=${value}`)).toEqual(['pear=2', 'apple=3', 'plum=4']);
});

test('a session ends when its member is silent for so long, by the clock of the test', async () => {
  await using kafka = await startBroker({
    clock: 'virtual',
    topics: ['orders'],
    settings: { 'ottla.evict.on.disconnect': false },
    leftovers: 'ignore',
  });
  await using clients = new Clients();
  const consumer = await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing', { state: 'Stable', members: 1 });
  kafka.faults.on(['Heartbeat', 'JoinGroup', 'Fetch', 'OffsetCommit', 'LeaveGroup']).disconnect('before');
  await kafka.clock.advance('20s');
  expect(kafka.group('billing').members).toHaveLength(1);
  await kafka.clock.advance('30s');
  expect(kafka.group('billing')).toMatchObject({ state: 'Empty', members: [] });
  kafka.faults.clear();
  await consumer.disconnect();
});

test('a transaction that takes too long is aborted', async () => {
  await using kafka = await startBroker({ clock: 'virtual', topics: ['orders'], leftovers: 'ignore' });
  await using clients = new Clients();
  const producer = await clients.producer(kafka, {
    transactionalId: 'tx',
    maxInFlightRequests: 1,
    transactionTimeout: 30_000,
  });
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'never committed' }] });
  await kafka.clock.advance('25s');
  expect(kafka.describe()).toContain('1 more aborted or in open transactions');
  await kafka.clock.advance('1m');
  await kafka.produce('orders', 'committed');
  expect(kafka.messages('orders').map(({ value }) => value)).toEqual(['committed']);
  await expect(transaction.commit()).rejects.toThrow(/epoch|fenced|transaction/i);
});

test('consumers with nothing to read keep their own time: their long polls end though the clock stands still', async () => {
  await using kafka = await startBroker({ clock: 'virtual', topics: ['orders'] });
  await using clients = new Clients();
  const values: string[] = [];
  await clients.consumer(kafka, 'billing', 'orders', values);
  await kafka.waitForGroup('billing');
  await kafka.waitUntil(() => kafka.traffic.of('Fetch').filter(({ outcome }) => outcome === 'answered').length > 2);
  await kafka.produce('orders', 'a');
  await kafka.waitForLag('billing');
  expect(values).toEqual(['a']);
});

test('the clock begins where it is told to, and a real one does not move at will', async () => {
  const now = Date.UTC(2031, 4, 5);
  await using kafka = await startBroker({ clock: 'virtual', now: new Date(now), topics: ['orders'] });
  const [{ timestamp }] = await kafka.produce('orders', 'from the future');
  expect(timestamp).toBe(now);
  await using real = await startBroker();
  expect(real.clock.isVirtual).toBe(false);
  await expect(real.clock.advance('1s')).rejects.toThrow("startBroker({ clock: 'virtual' })");
  await expect(kafka.clock.advance('tomorrow' as '1d')).rejects.toThrow("'tomorrow' is no span of time");
});
