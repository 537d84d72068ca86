import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BrokerSnapshot } from '../../src/testing/broker-snapshot.ts';
import type { TestBroker } from '../../src/testing/index.ts';
import { isElsewhere, startBroker } from './backends.ts';
import { client, Clients } from './kafkajs-clients.ts';

function valuesOf(broker: TestBroker): string[] {
  const values = broker.messages('orders').map(({ value }) => String(value));
  return values.sort((a, b) => a.localeCompare(b));
}

const directory = mkdtempSync(join(tmpdir(), 'ottla-testing-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a reset leaves what a start leaves, with new topic ids, and clients connected', async () => {
  await using kafka = await startBroker({
    topics: ['orders', { name: 'seeded', messages: ['first'] }],
    leftovers: 'ignore',
  });
  await using clients = new Clients();
  const producer = await clients.producer(kafka);
  await producer.send({ topic: 'orders', messages: [{ value: 'a' }] });
  const consumer = await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForLag('billing');
  await consumer.disconnect();
  await kafka.createTopic('other');
  await kafka.produce('seeded', 'second');
  kafka.faults.on('Produce').delay(1);
  const before = client(kafka).admin();
  await before.connect();
  await kafka.reset();
  expect(kafka.topics()).toEqual(['orders', 'seeded']);
  expect(kafka.messages('orders')).toEqual([]);
  expect(kafka.messages('seeded').map(({ value }) => value)).toEqual(['first']);
  expect(kafka.groups()).toEqual([]);
  expect(kafka.faults.list()).toEqual([]);
  expect(kafka.traffic.all).toEqual([]);
  await producer.send({ topic: 'orders', messages: [{ value: 'b' }] });
  expect(kafka.messages('orders')).toMatchObject([{ value: 'b', offset: 0 }]);
  await before.disconnect();
  await kafka.reset({ connections: 'close' });
  expect(kafka.describe()).toContain('clients connected: none');
});

test.skipIf(isElsewhere())('a reset takes less than five milliseconds', async () => {
  await using kafka = await startBroker({ topics: ['a', 'b', 'c'], leftovers: 'ignore' });
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    await kafka.produce(
      'a',
      Array.from({ length: 100 }, (_, n) => `value ${n}`),
    );
    await kafka.produce('b', 'x');
    const before = process.threadCpuUsage(); // other work of the machine does not count
    await kafka.reset();
    const { user, system } = process.threadCpuUsage(before);
    times.push((user + system) / 1000);
  }
  expect(Math.min(...times)).toBeLessThan(5); // 0.5 on a machine at rest
});

test('a fork has the same topics, records and offsets, and goes its own way', async () => {
  await using kafka = await startBroker({
    topics: [{ name: 'orders', partitions: 2, configs: { 'retention.ms': 1_000_000 } }],
  });
  await using clients = new Clients();
  await kafka.produce('orders', [
    { key: 'a', value: '1' },
    { key: 'b', value: '2' },
    { key: 'a', value: '3' },
  ]);
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForLag('billing');
  await using fork = await kafka.fork({ leftovers: 'ignore' });
  expect(fork.bootstrapServers).not.toBe(kafka.bootstrapServers);
  expect(fork.messages('orders')).toEqual(kafka.messages('orders'));
  expect(fork.group('billing')).toMatchObject({ lag: 0, members: [] });
  expect(fork.group('billing').offsets).toEqual(kafka.group('billing').offsets);
  await fork.produce('orders', { key: 'a', value: 'only here' });
  await kafka.produce('orders', [
    { key: 'a', value: 'only there' },
    { key: 'a', value: 'too' },
  ]);
  expect(valuesOf(fork)).toEqual(['1', '2', '3', 'only here']);
  expect(valuesOf(kafka)).toEqual(['1', '2', '3', 'only there', 'too']);
  const values: string[] = [];
  await clients.consumer(fork, 'billing', 'orders', values);
  await fork.waitForLag('billing');
  expect(values).toEqual(['only here']);
});

test('a snapshot is as of its moment, and many brokers can begin from it', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await kafka.produce('orders', 'in it');
  const snapshot = kafka.snapshot();
  await kafka.produce('orders', 'not in it');
  const copies = await Promise.all([1, 2, 3].map(() => startBroker({ from: snapshot, topics: ['more'] })));
  for (const copy of copies) {
    expect(copy.messages('orders').map(({ value }) => value)).toEqual(['in it']);
    expect(copy.topics()).toEqual(['more', 'orders']);
    await copy.stop();
  }
});

test.skipIf(isElsewhere())('a large broker is copied in a few milliseconds, for nothing of it is', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 8 }] });
  const value = 'x'.repeat(1000);
  for (let i = 0; i < 20; i++)
    await kafka.produce(
      'orders',
      Array.from({ length: 1000 }, () => value),
    );
  const snapshotMs: number[] = [];
  const forkMs: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    kafka.snapshot();
    snapshotMs.push(performance.now() - began);
    const fork = await kafka.fork();
    forkMs.push(performance.now() - began - snapshotMs[i]);
    await fork.stop();
  }
  await using fork = await kafka.fork();
  expect(fork.messages('orders')).toHaveLength(20_000);
  expect(Math.min(...snapshotMs)).toBeLessThan(5); // 0.1 on a machine at rest
  expect(Math.min(...forkMs)).toBeLessThan(200); // 5 on a machine at rest, of which most is the start
});

test('a snapshot can be kept in a file, and old records in it are kept, too', async () => {
  const file = join(directory, 'shop.snapshot');
  const old = Date.UTC(2001, 0, 1);
  await using kafka = await startBroker({ clock: 'virtual', now: old, topics: ['orders'] });
  await kafka.produce('orders', [{ key: 'k', value: 'old', headers: { a: 'b' } }]);
  kafka.snapshot().save(file);
  await using loaded = await startBroker({ from: file, clock: 'virtual' });
  await loaded.clock.advance('8d');
  expect(loaded.messages('orders')).toEqual(kafka.messages('orders'));
  expect(BrokerSnapshot.load(file).brokers).toBe(1);
  await expect(startBroker({ from: join(directory, 'none') })).rejects.toThrow('there is no snapshot');
});

test('open transactions are in a snapshot, and their producers can end them there', async () => {
  await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  await using clients = new Clients();
  const producer = await clients.producer(kafka, { transactionalId: 'tx', maxInFlightRequests: 1, idempotent: true });
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'undecided' }] });
  await using fork = await kafka.fork();
  expect(fork.messages('orders')).toEqual([]);
  expect(fork.messages('orders', { isolation: 'read_uncommitted' })).toHaveLength(1);
  await transaction.commit();
  expect(kafka.messages('orders')).toHaveLength(1);
  expect(fork.messages('orders')).toEqual([]);
});
