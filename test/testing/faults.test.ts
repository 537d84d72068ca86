import { expect, test } from 'vitest';
import { isElsewhere, startBroker } from './backends.ts';
import { client, Clients } from './kafkajs-clients.ts';

test('an error for one partition concerns that partition alone, as often as it is told to', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }] });
  await using clients = new Clients();
  const fault = kafka.faults.on('Produce', { topic: 'orders', partition: 0 }).reply('NOT_LEADER_OR_FOLLOWER').times(2);
  const producer = await clients.producer(kafka);
  await producer.send({
    topic: 'orders',
    acks: -1,
    messages: [
      { value: 'zero', partition: 0 },
      { value: 'one', partition: 1 },
    ],
  });
  expect(fault.fired).toBe(2);
  expect(kafka.messages('orders', { partition: 0 }).map(({ value }) => value)).toEqual(['zero']);
  expect(kafka.traffic.errors()).toMatchObject([
    { error: 'NOT_LEADER_OR_FOLLOWER', about: 'orders[0]' },
    { error: 'NOT_LEADER_OR_FOLLOWER', about: 'orders[0]' },
  ]);
});

test('a lost answer makes an idempotent producer send again, and the broker keep one copy', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const fault = kafka.faults.on('Produce').disconnect('after').once();
  const producer = await clients.producer(kafka, { idempotent: true });
  await producer.send({ topic: 'orders', messages: [{ value: 'only once' }] });
  expect(fault.fired).toBe(1);
  expect(kafka.traffic.of('Produce').map(({ outcome }) => outcome)).toEqual(['disconnected', 'answered']);
  expect(kafka.messages('orders')).toHaveLength(1);
});

test('a response that is dropped leaves the client waiting, though the request was applied', async () => {
  await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  await using clients = new Clients();
  kafka.faults.on('Produce').dropResponse().once();
  const producer = await clients.producer(kafka);
  const sent = producer.send({ topic: 'orders', messages: [{ value: 'applied' }] });
  const lost = await kafka.waitUntil(() => kafka.traffic.of('Produce').find(({ outcome }) => outcome === 'lost'));
  expect(lost.response).toBeNull();
  expect(kafka.messages('orders')).toHaveLength(1);
  kafka.disconnectClients();
  await sent;
  expect(kafka.messages('orders')).toHaveLength(2); // it was no idempotent producer
});

test('a disconnect before the request means that nothing was applied', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  kafka.faults.on('Produce').disconnect('before').once();
  const producer = await clients.producer(kafka);
  await producer.send({ topic: 'orders', messages: [{ value: 'second attempt' }] });
  expect(kafka.messages('orders')).toHaveLength(1);
  expect(kafka.traffic.of('Produce')).toHaveLength(2);
});

test('the nth request is struck, and no other', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const fault = kafka.faults.on('Produce').reply('KAFKA_STORAGE_ERROR').nth(2);
  const producer = await clients.producer(kafka);
  for (const value of ['1', '2', '3']) await producer.send({ topic: 'orders', messages: [{ value }] });
  expect(fault).toMatchObject({ fired: 1, seen: 4 });
  expect(kafka.traffic.errors().map(({ exchange }) => exchange.number)).toEqual([
    kafka.traffic.of('Produce')[1].number,
  ]);
});

test('the same seed strikes the same requests', async () => {
  const struck = async (seed: number): Promise<string> => {
    await using kafka = await startBroker({ topics: ['orders'] });
    kafka.faults.add({ on: 'Metadata', probability: 0.5, seed, delay: 1, clientId: 'app' });
    const admin = client(kafka).admin();
    await admin.connect();
    for (let i = 0; i < 12; i++) await admin.fetchTopicMetadata({ topics: ['orders'] });
    await admin.disconnect();
    return kafka.traffic
      .of('Metadata')
      .map(({ faults }) => faults.length)
      .slice(0, 12)
      .join('');
  };
  const [first, again, other] = [await struck(7), await struck(7), await struck(8)];
  expect(first).toContain('1');
  expect(first).toContain('0');
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('a delay holds the answer back, a throttle asks the client to', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  kafka.faults.on('Produce').delay('60ms').once();
  const producer = await clients.producer(kafka);
  const began = performance.now();
  await producer.send({ topic: 'orders', messages: [{ value: 'late' }] });
  expect(performance.now() - began).toBeGreaterThan(55);
  kafka.faults.on('Metadata').throttle(5);
  const admin = client(kafka, 'throttled').admin();
  await admin.connect();
  await admin.fetchTopicMetadata();
  await admin.disconnect();
  expect(kafka.traffic.of('Metadata', { clientId: 'throttled' })[0].response).toMatchObject({ throttleTimeMs: 5 });
});

test('a damaged checksum is refused when it is written, and found when it is read', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  kafka.faults.on('Produce').corruptCrc().once();
  const producer = await clients.producer(kafka, { retry: { retries: 0 } });
  await expect(producer.send({ topic: 'orders', messages: [{ value: 'bent' }] })).rejects.toThrow(/CORRUPT|corrupt/i);
  await kafka.produce('orders', 'sound');
  kafka.faults.on('Fetch', { topic: 'orders' }).corruptCrc();
  await clients.consumer(kafka, 'readers', 'orders');
  const [fetched] = await kafka.waitUntil(() => {
    const fetches = kafka.traffic.of('Fetch').filter(({ faults }) => faults.length > 0);
    return fetches.length > 0 && fetches;
  });
  expect(fetched.faults).toEqual(['fault 2: corruptCrc']);
});

test('a paused partition stands still, its neighbour does not, and both go on afterwards', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }] });
  await using clients = new Clients();
  const pause = kafka.faults.pause({ topic: 'orders', partition: 0 });
  const values: string[] = [];
  await kafka.produce('orders', [
    { value: 'stuck', partition: 0 },
    { value: 'free', partition: 1 },
  ]);
  await clients.consumer(kafka, 'readers', 'orders', values);
  await kafka.waitForCommit('readers', { topic: 'orders', partition: 1, offset: 1 });
  expect(values).toEqual(['free']);
  pause.remove();
  await kafka.waitForLag('readers');
  expect(values).toEqual(['free', 'stuck']);
});

test('a held request goes on when the rule is removed', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const hold = kafka.faults.on('Produce').hold();
  const producer = await clients.producer(kafka);
  const sent = producer.send({ topic: 'orders', messages: [{ value: 'patient' }] });
  await kafka.waitUntil(() => hold.fired === 1);
  expect(kafka.messages('orders')).toHaveLength(0);
  hold.remove();
  await sent;
  expect(kafka.messages('orders')).toHaveLength(1);
});

test.skipIf(isElsewhere())('an answer can be rewritten in any way', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  kafka.faults.on('ApiVersions').rewrite((response) => ({ ...response, throttleTimeMs: 0 }));
  kafka.faults.on('Metadata').rewrite((response) => {
    response.clusterId = 'another one';
  });
  const admin = client(kafka).admin();
  await admin.connect();
  expect(await admin.describeCluster()).toMatchObject({ clusterId: 'another one' });
  await admin.disconnect();
});

test('a full disk refuses writers until there is room, and lets readers read', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  await kafka.produce('orders', 'before');
  const full = kafka.faults.disk.full();
  const producer = await clients.producer(kafka, { retry: { retries: 2, initialRetryTime: 10 } });
  await expect(producer.send({ topic: 'orders', messages: [{ value: 'no room' }] })).rejects.toThrow('Disk error');
  // Every producer is told, the first one too; none loses its connection.
  const told = kafka.traffic.of('Produce').map(({ outcome, errors }) => [outcome, errors.map(({ error }) => error)]);
  expect(told).toEqual(told.map(() => ['answered', ['KAFKA_STORAGE_ERROR']]));
  expect(new Set(kafka.traffic.of('Produce').map(({ connection }) => connection)).size).toBe(1);
  expect(kafka.messages('orders')).toHaveLength(1);
  full.remove();
  await producer.send({ topic: 'orders', messages: [{ value: 'after' }] });
  expect(kafka.messages('orders').map(({ value }) => value)).toEqual(['before', 'after']);
});

test('a slow disk delays those who write', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const slow = kafka.faults.disk.slow('50ms');
  const producer = await clients.producer(kafka);
  await producer.send({ topic: 'orders', messages: [{ value: 'slowly' }] });
  expect(kafka.traffic.of('Produce')[0].durationMs).toBeGreaterThan(45);
  expect(slow.fired).toBe(1);
});

test('rules can be listed and removed, and those that never struck are named at the end', async () => {
  const kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  const rule = kafka.faults.on('OffsetCommit', { group: 'billing' }).reply('REBALANCE_IN_PROGRESS').once();
  kafka.faults.on(['JoinGroup', 'SyncGroup']).delay('1s').remove();
  expect(kafka.faults.list()).toEqual([rule]);
  expect(String(rule)).toBe(
    'fault 1: on OffsetCommit group "billing": reply REBALANCE_IN_PROGRESS, once at most (fired 0, matched 0)',
  );
  const { unusedFaults } = await kafka.stop();
  expect(unusedFaults).toHaveLength(2);
  expect(unusedFaults[0]).toContain('JoinGroup, SyncGroup');
});

test('a mistake in a rule says what to write instead', async () => {
  await using kafka = await startBroker();
  expect(() => kafka.faults.on('Comit' as 'Produce')).toThrow("Kafka has no request called 'Comit'");
  expect(() => kafka.faults.on('Produce').reply('NOT_LEADER' as 'NONE')).toThrow('NOT_LEADER_OR_FOLLOWER');
  expect(() => kafka.faults.add({ on: 'Produce' } as never)).toThrow('a fault does exactly one thing');
  expect(() => kafka.faults.on('Produce').delay('soon' as '1s')).toThrow("'soon' is no span of time");
});

test('a rebalance has every member of a group join again', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }] });
  await using clients = new Clients();
  await clients.consumer(kafka, 'billing', 'orders');
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing', { state: 'Stable', members: 2, assigned: 2 });
  const joins = kafka.traffic.of('JoinGroup').length;
  const rebalance = kafka.faults.rebalance('billing');
  await kafka.waitUntil(() => rebalance.fired === 2);
  await kafka.waitUntil(() => kafka.traffic.of('JoinGroup').length >= joins + 2);
  await kafka.waitForGroup('billing', { state: 'Stable', members: 2, assigned: 2 });
  expect(() => kafka.faults.rebalance('biling')).toThrow("there is no group 'biling' to rebalance");
});
