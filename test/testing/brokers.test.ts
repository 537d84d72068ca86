import { expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { OffsetForLeaderEpoch } from '../../protocol/apis/23-offset-for-leader-epoch.ts';
import { WriteTxnMarkers } from '../../protocol/apis/27-write-txn-markers.ts';
import { DescribeProducers } from '../../protocol/apis/61-describe-producers.ts';
import { startBroker } from './backends.ts';
import { createTopic, dial, topicOf } from '../running-broker.ts';
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
  // With a replica there, it would serve consumers (KIP-392).
  const topics = [{ name: 'orders', partitions: 2, replicationFactor: 1 }];
  await using kafka = await startBroker({ brokers: 2, topics });
  const wrong = await dial(kafka.brokers[1].address);
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from('x'), timestamp: 1 }] });
  const { responses, nodeEndpoints } = await wrong.send(Produce, 11, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: 'orders', partitionData: [0, 1].map((index) => ({ index, records: Buffer.from(records) })) }],
  });
  const results = responses[0].partitionResponses;
  expect(results.map(({ index, errorCode }) => [index, errorCode])).toEqual([
    [0, 6],
    [1, 0],
  ]);
  expect(results[0].currentLeader).toEqual({ leaderId: 0, leaderEpoch: 0 });
  const endpoint = { nodeId: 0, host: '127.0.0.1', port: kafka.brokers[0].port, rack: null };
  expect(nodeEndpoints).toEqual([endpoint]);

  const { topicId } = await topicOf(wrong, 'orders');
  const fetched = await wrong.send(Fetch, 17, {
    maxWaitMs: 0,
    minBytes: 0,
    topics: [{ topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
  });
  expect(fetched.responses[0].partitions[0]).toMatchObject({
    errorCode: 6,
    currentLeader: { leaderId: 0, leaderEpoch: 0 },
  });
  expect(fetched.nodeEndpoints).toEqual([endpoint]);
  await wrong.close();
});

test('what another broker leads is not unknown, whatever is asked about it', async () => {
  await using kafka = await startBroker({ brokers: 2, topics: [{ name: 'orders', partitions: 2 }] });
  const wrong = await dial(kafka.brokers[1].address);
  const codes = async (partition: number) => {
    const name = 'orders';
    const offsets = await wrong.send(ListOffsets, 7, {
      replicaId: -1,
      topics: [{ name, partitions: [{ partitionIndex: partition, timestamp: -1 }] }],
    });
    const epochs = await wrong.send(OffsetForLeaderEpoch, 4, {
      topics: [{ topic: name, partitions: [{ partition, leaderEpoch: 0 }] }],
    });
    const deleted = await wrong.send(DeleteRecords, 2, {
      timeoutMs: 1000,
      topics: [{ name, partitions: [{ partitionIndex: partition, offset: 0 }] }],
    });
    const producers = await wrong.send(DescribeProducers, 0, { topics: [{ name, partitionIndexes: [partition] }] });
    const markers = await wrong.send(WriteTxnMarkers, 1, {
      markers: [
        {
          producerId: 1,
          producerEpoch: 0,
          transactionResult: true,
          coordinatorEpoch: 0,
          topics: [{ name, partitionIndexes: [partition] }],
        },
      ],
    });
    return [
      offsets.topics[0].partitions[0].errorCode,
      epochs.topics[0].partitions[0].errorCode,
      deleted.topics[0].partitions[0].errorCode,
      producers.topics[0].partitions[0].errorCode,
      markers.markers[0].topics[0].partitions[0].errorCode,
    ];
  };
  expect(await codes(0)).toEqual([6, 6, 6, 6, 6]);
  expect(await codes(1)).toEqual([0, 0, 0, 0, 0]);
  expect(await codes(2)).toEqual([3, 3, 3, 3, 3]);
  await wrong.close();
});

test('a fetch that waits at a leader is told when another leads', async () => {
  await using kafka = await startBroker({ maxFetchWait: 0, brokers: 2, topics: ['orders'] });
  const client = await dial(kafka.brokers[0].address);
  // Of a version that asks leaders alone: others are served by the follower that it becomes (KIP-392).
  const fetched = client.send(Fetch, 10, {
    maxWaitMs: 30_000,
    minBytes: 1,
    topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
  });
  await kafka.waitUntil(() => kafka.traffic.of('Fetch').length === 1);
  await kafka.moveLeader('orders', 0, 1);
  expect((await fetched).responses[0].partitions[0].errorCode).toBe(6);
  await client.close();
});

test('records, deletions and producers move with the leader, to and fro', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'] });
  const clients = await Promise.all(kafka.brokers.map(({ address }) => dial(address)));
  const batch = (baseSequence: number) =>
    encodeBatch({
      records: [{ key: null, value: Buffer.from(`record ${baseSequence}`), timestamp: Date.now() }],
      producerId: 77,
      producerEpoch: 0,
      baseSequence,
    });
  const send = async (broker: number, sequence: number) => {
    const { responses } = await clients[broker].send(Produce, 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 'orders', partitionData: [{ index: 0, records: batch(sequence) }] }],
    });
    const [{ errorCode, baseOffset }] = responses[0].partitionResponses;
    return [errorCode, baseOffset];
  };
  expect(await send(0, 0)).toEqual([0, 0]);
  await kafka.moveLeader('orders', 0, 2);
  expect(await send(0, 1)).toEqual([6, -1]);
  expect(await send(2, 1)).toEqual([0, 1]);
  expect(await send(2, 1)).toEqual([0, 1]); // the producer is known here: the same batch again is no other one
  expect(await send(2, 5)).toEqual([45, -1]);
  const { topics } = await clients[2].send(DeleteRecords, 2, {
    timeoutMs: 1000,
    topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 1 }] }],
  });
  expect(topics[0].partitions[0]).toMatchObject({ errorCode: 0, lowWatermark: 1 });
  expect(await send(2, 2)).toEqual([0, 2]); // followers hear of the deletion with the next records
  await kafka.moveLeader('orders', 0, 1);
  await kafka.moveLeader('orders', 0, 0);
  expect(await send(0, 3)).toEqual([0, 3]);
  expect(kafka.messages('orders').map(({ offset }) => offset)).toEqual([1, 2, 3]);
  await using fork = await kafka.fork();
  expect(fork.messages('orders').map(({ offset }) => offset)).toEqual([1, 2, 3]);
  await Promise.all(clients.map((client) => client.close()));
});

test('a topic can be made and deleted at any broker, and is there at all of them at once', async () => {
  await using kafka = await startBroker({ brokers: 3 });
  const clients = await Promise.all(kafka.brokers.map(({ address }) => dial(address)));
  const codes = await Promise.all(
    clients.flatMap((client, i) => [createTopic(client, 'same'), createTopic(client, `own-${i}`)]),
  );
  expect(codes.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 36, 36]);
  for (const client of clients) expect((await topicOf(client, 'own-2')).errorCode).toBe(0);
  expect(kafka.topics()).toEqual(['own-0', 'own-1', 'own-2', 'same']);
  await Promise.all(clients.map((client) => client.close()));
});

test('a transaction spans partitions, offsets and coordinators of different brokers', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', partitions: 3 }] });
  await using clients = new Clients();
  const producer = await clients.producer(kafka, { transactionalId: 'tx', maxInFlightRequests: 1, idempotent: true });
  const run = async (value: string, offset: string, isCommit: boolean) => {
    const transaction = await producer.transaction();
    await transaction.send({
      topic: 'orders',
      messages: [0, 1, 2].map((partition) => ({ value: `${value} ${partition}`, partition })),
    });
    await transaction.sendOffsets({
      consumerGroupId: 'billing',
      topics: [{ topic: 'orders', partitions: [{ partition: 0, offset }] }],
    });
    await (isCommit ? transaction.commit() : transaction.abort());
  };
  await run('kept', '3', true);
  await run('lost', '7', false);
  await kafka.waitUntil(() => kafka.group('billing').offsets.length === 1);
  expect(kafka.group('billing').offsets).toMatchObject([{ partition: 0, offset: 3 }]);
  expect(kafka.messages('orders').map(({ value }) => value)).toEqual(['kept 0', 'kept 1', 'kept 2']);
  expect(kafka.messages('orders', { isolation: 'read_uncommitted' })).toHaveLength(6);
});

test('all brokers can be lost, and come back with all there was', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', partitions: 3 }] });
  await kafka.produce(
    'orders',
    [0, 1, 2].map((partition) => ({ value: `to ${partition}`, partition })),
  );
  for (const broker of kafka.brokers) await broker.stop();
  expect([0, 1, 2].map((partition) => kafka.leaderOf('orders', partition))).toEqual([-1, -1, -1]);
  for (const broker of kafka.brokers.toReversed()) await broker.start();
  expect(kafka.messages('orders').map(({ value }) => value)).toEqual(['to 0', 'to 1', 'to 2']);
  await kafka.produce('orders', { value: 'more', partition: 1 });
  await kafka.reset();
  expect(kafka.messages('orders')).toEqual([]);
  await kafka.brokers[0].stop();
  await kafka.brokers[0].start();
  expect(kafka.brokers.every(({ isRunning }) => isRunning)).toBe(true);
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
  expect([...new Set(values)].sort()).toEqual(['to 0', 'to 1', 'to 2']);
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
  // From each broker to each: it may hear of the move before or after the new coordinator.
  for (const step of [1, 2, 3, 2, 1, 0]) await kafka.moveCoordinator({ transactionalId: 'tx' }, (from + step) % 3);
  await transaction.commit();
  expect((await kafka.waitForMessages('orders')).map(({ value }) => value)).toEqual(['a']);
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
