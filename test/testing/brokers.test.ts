import { expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { startBroker } from '../../src/testing/index.ts';
import { dial } from '../running-broker.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { client, Clients } from './kafkajs-clients.ts';

test('clients see three brokers, each with a port and partitions of its own', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', partitions: 3 }] });
  const admin = client(kafka).admin();
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  expect(brokers.map(({ nodeId }) => nodeId)).toEqual([0, 1, 2]);
  expect(new Set(brokers.map(({ port }) => port))).toEqual(new Set(kafka.brokers.map(({ port }) => port)));
  const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] });
  expect(topics[0].partitions.map(({ partitionId, leader, isr }) => [partitionId, leader, isr.length])).toEqual(
    expect.arrayContaining([
      [0, 0, 3],
      [1, 1, 3],
      [2, 2, 3],
    ]),
  );
  await admin.disconnect();
});

test('a request at the wrong broker is told the right one', async () => {
  await using kafka = await startBroker({ brokers: 2, topics: [{ name: 'orders', partitions: 2 }] });
  const wrong = await dial(kafka.brokers[1].address);
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from('x'), timestamp: 1 }] });
  const { responses, nodeEndpoints } = await wrong.send(Produce, 11, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: 'orders', partitionData: [0, 1].map((index) => ({ index, records: Buffer.from(records) })) }],
  });
  const results = responses[0].partitionResponses;
  expect(results.map(({ index, errorCode }) => [index, errorCode])).toEqual([
    [1, 0],
    [0, 6],
  ]);
  expect(results.find(({ index }) => index === 0)!.currentLeader.leaderId).toBe(0);
  expect(nodeEndpoints).toEqual([{ nodeId: 0, host: '127.0.0.1', port: kafka.brokers[0].port, rack: null }]);
  await wrong.close();
});

test('producers and consumers follow a leader that moves', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'] });
  await using clients = new Clients();
  const values: string[] = [];
  const producer = await clients.producer(kafka);
  await clients.consumer(kafka, 'billing', 'orders', values);
  await producer.send({ topic: 'orders', messages: [{ value: 'at 0' }] });
  await kafka.waitForLag('billing');
  await kafka.moveLeader('orders', 0, 2);
  expect(kafka.leaderOf('orders', 0)).toBe(2);
  await producer.send({ topic: 'orders', messages: [{ value: 'at 2' }] });
  await kafka.waitForLag('billing');
  expect([...new Set(values)]).toEqual(['at 0', 'at 2']); // a client may read again what it had not committed
  expect(kafka.traffic.of('Produce', { broker: 2 }).map(({ outcome }) => outcome)).toEqual(['answered']);
  expect(kafka.traffic.errors({ api: 'Produce' })).toMatchObject([
    { error: 'NOT_LEADER_OR_FOLLOWER', about: 'orders[0]' },
  ]);
});

test('a broker that is lost is survived, and it comes back at the same address', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', partitions: 3 }] });
  await using clients = new Clients();
  const values: string[] = [];
  const producer = await clients.producer(kafka);
  await clients.consumer(kafka, 'billing', 'orders', values);
  await kafka.waitForGroup('billing');
  const { address } = kafka.brokers[1];
  await kafka.brokers[1].stop();
  expect([kafka.brokers[1].isRunning, kafka.leaderOf('orders', 1)]).toEqual([false, 2]);
  const messages = [0, 1, 2].map((partition) => ({ value: `to ${partition}`, partition }));
  await producer.send({ topic: 'orders', acks: -1, messages });
  await kafka.waitForLag('billing', 0, { timeout: '9s' });
  expect(values.sort()).toEqual(['to 0', 'to 1', 'to 2']);
  await kafka.brokers[1].start();
  expect(kafka.brokers[1]).toMatchObject({ address, isRunning: true });
  await kafka.moveLeader('orders', 1, 1);
  await producer.send({ topic: 'orders', messages: [{ value: 'back', partition: 1 }] });
  expect(kafka.traffic.of('Produce', { broker: 1 }).at(-1)!.errors).toEqual([]);
  // kafkajs spins for ever when it is disconnected while it looks for its brokers anew.
  await kafka.waitUntil(() => values.includes('back'));
  await kafka.waitForIdle();
  await expect(kafka.moveLeader('orders', 7, 1)).rejects.toThrow('there is no partition orders[7]');
});

test('members follow a coordinator that moves', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'] });
  await using clients = new Clients();
  const values: string[] = [];
  await clients.consumer(kafka, 'billing', 'orders', values);
  await kafka.produce('orders', 'before');
  await kafka.waitForLag('billing');
  const from = kafka.coordinatorOf({ group: 'billing' })!;
  const to = (from + 1) % 3;
  await kafka.moveCoordinator({ group: 'billing' }, to);
  await kafka.produce('orders', 'after');
  await kafka.waitForCommit('billing', { topic: 'orders', offset: 2 });
  expect(new Set(values)).toEqual(new Set(['before', 'after'])); // at least once
  expect(kafka.coordinatorOf({ group: 'billing' })).toBe(to);
  expect(kafka.traffic.of('OffsetCommit', { broker: to }).at(-1)!.errors).toEqual([]);
  expect(kafka.traffic.errors({ group: 'billing' }).map(({ error }) => error)).toContain('NOT_COORDINATOR');
});

test('a transaction goes on when its coordinator moves', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'] });
  await using clients = new Clients();
  const producer = await clients.producer(kafka, { transactionalId: 'tx', maxInFlightRequests: 1, idempotent: true });
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'a' }] });
  const from = kafka.coordinatorOf({ transactionalId: 'tx' })!;
  await kafka.moveCoordinator({ transactionalId: 'tx' }, (from + 1) % 3);
  await transaction.commit();
  expect(kafka.messages('orders').map(({ value }) => value)).toEqual(['a']);
});

test('a partition without a living replica has no leader until one is back', async () => {
  await using kafka = await startBroker({ brokers: 2, topics: [{ name: 'orders', replicationFactor: 1 }] });
  await kafka.brokers[0].stop();
  expect(kafka.leaderOf('orders', 0)).toBe(-1);
  const wrong = await dial(kafka.brokers[1].address);
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from('x'), timestamp: 1 }] });
  const { responses } = await wrong.send(Produce, 9, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: 'orders', partitionData: [{ index: 0, records }] }],
  });
  expect(responses[0].partitionResponses[0].errorCode).toBe(6);
  await wrong.close();
  await kafka.brokers[0].start();
  expect(kafka.leaderOf('orders', 0)).toBe(0);
});

test('several brokers can be forked, and reset', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', partitions: 3 }] });
  await kafka.produce(
    'orders',
    [0, 1, 2].map((partition) => ({ value: `to ${partition}`, partition })),
  );
  await using fork = await kafka.fork();
  expect(fork.brokers).toHaveLength(3);
  expect(fork.messages('orders')).toHaveLength(3);
  await using clients = new Clients();
  const values: string[] = [];
  await clients.consumer(fork, 'billing', 'orders', values);
  await fork.waitForLag('billing');
  expect(values.sort()).toEqual(['to 0', 'to 1', 'to 2']);
  await kafka.reset();
  expect([0, 1, 2].map((partition) => kafka.leaderOf('orders', partition))).toEqual([0, 1, 2]);
  await expect(startBroker({ brokers: 0 })).rejects.toThrow('brokers: 0');
});
