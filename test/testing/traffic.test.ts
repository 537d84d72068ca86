import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startBroker } from './backends.ts';
import { client, Clients } from './kafkajs-clients.ts';

test('every request and response is there, decoded and typed', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const producer = await clients.producer(kafka, {}, 'shop');
  await producer.send({ topic: 'orders', acks: 1, messages: [{ key: 'k', value: 'v' }] });
  const [{ request, response, clientId, outcome, version }] = kafka.traffic.of('Produce');
  expect({ clientId, outcome, version }).toEqual({ clientId: 'shop', outcome: 'answered', version: 7 });
  expect(request.acks).toBe(1);
  expect(request.topicData[0].name).toBe('orders');
  expect(response!.responses[0].partitionResponses[0]).toMatchObject({ index: 0, errorCode: 0, baseOffset: 0 });
});

test('it can be filtered by API, client, topic, group, failure and content', async () => {
  await using kafka = await startBroker({ topics: ['orders', 'payments'] });
  await using clients = new Clients();
  const [shop, till] = [await clients.producer(kafka, {}, 'shop'), await clients.producer(kafka, {}, 'till')];
  await shop.send({ topic: 'orders', messages: [{ value: '1' }] });
  await till.send({ topic: 'payments', messages: [{ value: '2' }] });
  await kafka.produce('orders', 'x');
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForLag('billing');
  const { traffic } = kafka;
  expect(traffic.of('Produce')).toHaveLength(2);
  expect(traffic.of('Produce', { clientId: 'shop' })).toHaveLength(1);
  expect(traffic.of('Produce', { clientId: /^(shop|till)$/ })).toHaveLength(2);
  expect(traffic.of('Produce', { topic: 'payments' })[0].clientId).toBe('till');
  expect(traffic.of('OffsetCommit', { request: { groupId: 'billing', topics: [{ name: 'orders' }] } })).not.toEqual([]);
  expect(traffic.of('OffsetCommit', { group: 'others' })).toEqual([]);
  expect(traffic.filter({ failed: true, group: 'billing' }).every(({ errors }) => errors.length > 0)).toBe(true);
  expect(() => traffic.of('Commit' as 'OffsetCommit')).toThrow(
    "Kafka has no request called 'Commit': did you mean OffsetCommit",
  );
});

test('it reads well', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  kafka.faults.on('Produce').reply('NOT_ENOUGH_REPLICAS').once();
  const producer = await clients.producer(kafka, {}, 'shop');
  await producer.send({ topic: 'orders', messages: [{ key: 'k', value: 'v' }] });
  const text = kafka.traffic.toString({ api: 'Produce' });
  expect(text).toMatch(
    /^ +\d+ shop#\d+ Produce v7 orders\[0\] → orders\[0\] NOT_ENOUGH_REPLICAS in \d+ ms \[fault 1: reply\]\n +\d+ shop#\d+ Produce v7 orders\[0\] → ok in \d+ ms$/,
  );
  const detail = kafka.traffic.toString({ api: 'Produce' }, { bodies: true });
  expect(detail).toContain('<1 records: "k" → "v">');
  expect(detail).toContain('errorCode: 19');
});

test('listeners hear of every exchange, and the log can be cleared', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  const heard: string[] = [];
  const end = kafka.traffic.onExchange(({ api }) => heard.push(api));
  const admin = client(kafka).admin();
  await admin.connect();
  await admin.listTopics();
  end();
  await admin.describeCluster();
  await admin.disconnect();
  expect(heard).toContain('Metadata');
  const { length } = heard;
  kafka.traffic.clear();
  expect(kafka.traffic.all).toEqual([]);
  expect(kafka.traffic.toString()).toBe('no requests');
  expect(kafka.traffic.count).toBeGreaterThan(length);
});

test('a test that leaves something open is told what', async () => {
  const kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  await using clients = new Clients();
  await clients.consumer(kafka, 'billing', 'orders');
  const producer = await clients.producer(
    kafka,
    { transactionalId: 'tx', idempotent: true, maxInFlightRequests: 1 },
    'shop',
  );
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'undecided' }] });
  await kafka.waitForGroup('billing', { state: 'Stable', members: 1 });
  const { leaks } = await kafka.stop();
  expect(leaks.join('\n')).toMatch(/member app-\S+ \(app\) never left group 'billing': disconnect the consumer/);
  expect(leaks.join('\n')).toContain("transaction 'tx' is Ongoing: commit or abort it");
  expect(leaks.join('\n')).toMatch(/client 'shop' has \d connections? open: disconnect it/);
});

test('a stop can be made to fail on leaks, or to hand them over', async () => {
  const strict = await startBroker({ leftovers: 'throw' });
  strict.faults.on('Produce').delay(1);
  await expect(strict.stop()).rejects.toThrow('never struck: fault 1: on Produce: delay 1');
  const reports: unknown[] = [];
  const handed = await startBroker({ leftovers: (report) => void reports.push(report) });
  handed.faults.disk.full();
  await handed.stop();
  expect(reports).toEqual([{ leaks: [], unusedFaults: ['never struck: the disk is full'], forgottenWaits: [] }]);
});

test('a request that is no message of Kafka is shown as such, and no rule is about it', async () => {
  await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  const rule = kafka.faults.on('Metadata').reply('LEADER_NOT_AVAILABLE');
  // Metadata v12, request 1, no client id; its topics are as many as ten bytes of a varint say.
  const message = Buffer.from('0003000c00000001ffff00ffffffffffffffffff01', 'hex');
  const socket = connect(kafka.brokers[0].port, '127.0.0.1');
  socket.end(Buffer.concat([Buffer.from([0, 0, 0, message.length]), message]));
  socket.resume();
  await once(socket, 'close');
  expect(kafka.traffic.toString()).toMatch(/Metadata v12 → disconnected .*\[unreadable: the varint/);
  expect(kafka.traffic.filter({ topic: 'orders' })).toEqual([]);
  expect(kafka.describe()).toContain('orders');
  expect(rule.seen).toBe(0);
  rule.remove();
  expect(kafka.why('billing')[0].cause).toBe('no-such-group');
});
