import { CompressionTypes, Kafka, logLevel, type Admin, type Consumer, type Producer } from 'kafkajs';
import { afterEach, expect, test } from 'vitest';
import { freshName, useBroker } from './bootstrap.ts';

const bootstrap = useBroker();
const open: { disconnect(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.disconnect()));
});

function kafka(): Kafka {
  return new Kafka({ clientId: 'kafkajs-test', brokers: [bootstrap.address], logLevel: logLevel.NOTHING });
}

async function admin(): Promise<Admin> {
  const client = kafka().admin();
  open.push(client);
  await client.connect();
  return client;
}

async function producer(options = {}): Promise<Producer> {
  const client = kafka().producer({ allowAutoTopicCreation: true, ...options });
  open.push(client);
  await client.connect();
  return client;
}

interface Seen {
  partition: number;
  offset: string;
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
}

async function consume(topic: string, groupId: string, seen: Seen[], fromBeginning = true): Promise<Consumer> {
  const client = kafka().consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 500, maxWaitTimeInMs: 200 });
  open.push(client);
  await client.connect();
  await client.subscribe({ topic, fromBeginning });
  await client.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ partition, message }) => {
      seen.push({
        partition,
        offset: message.offset,
        key: message.key?.toString() ?? null,
        value: message.value?.toString() ?? null,
        headers: Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
        ),
      });
    },
  });
  return client;
}

test('kafkajs reads what it wrote: keys, values, headers, tombstones, in the order of each partition', async () => {
  const topic = freshName('orders');
  await (await admin()).createTopics({ topics: [{ topic, numPartitions: 3 }] });
  const messages = Array.from({ length: 30 }, (_, i) => ({
    key: `key-${i % 5}`,
    value: i === 7 ? null : `value-${i}`,
    headers: { number: String(i) },
  }));
  await (await producer()).send({ topic, messages });
  const seen: Seen[] = [];
  await consume(topic, freshName('group'), seen);
  await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(30);
  for (let key = 0; key < 5; key++) {
    const own = seen.filter((message) => message.key === `key-${key}`);
    expect(own.map((message) => message.headers.number)).toEqual([0, 1, 2, 3, 4, 5].map((n) => String(n * 5 + key)));
    expect(new Set(own.map((message) => message.partition)).size).toBe(1);
  }
  expect(seen.filter((message) => message.value === null).map((message) => message.headers.number)).toEqual(['7']);
});

test('gzip batches come back whole', async () => {
  const topic = freshName('gzip');
  const value = 'compress me '.repeat(1000);
  await (
    await producer()
  ).send({
    topic,
    compression: CompressionTypes.GZIP,
    messages: [{ value }, { value: 'second' }],
  });
  const seen: Seen[] = [];
  await consume(topic, freshName('group'), seen);
  await expect.poll(() => seen.map((message) => message.value), { timeout: 20_000 }).toEqual([value, 'second']);
});

test('an idempotent producer is answered, and its records are there once', async () => {
  const topic = freshName('idempotent');
  const client = await producer({ idempotent: true, maxInFlightRequests: 1 });
  for (let i = 0; i < 5; i++) await client.send({ topic, acks: -1, messages: [{ value: String(i) }] });
  const seen: Seen[] = [];
  await consume(topic, freshName('group'), seen);
  await expect
    .poll(() => seen.map(({ value, offset }) => `${offset}:${value}`), { timeout: 20_000 })
    .toEqual(['0:0', '1:1', '2:2', '3:3', '4:4']);
});

test('a group goes on where it committed', async () => {
  const topic = freshName('resume');
  const groupId = freshName('group');
  const client = await producer();
  await client.send({ topic, messages: [{ value: 'one' }, { value: 'two' }] });
  const first: Seen[] = [];
  const consumer = await consume(topic, groupId, first);
  await expect.poll(() => first.length, { timeout: 20_000 }).toBe(2);
  await consumer.disconnect();
  await client.send({ topic, messages: [{ value: 'three' }] });
  const second: Seen[] = [];
  await consume(topic, groupId, second);
  await expect.poll(() => second.map((message) => message.value), { timeout: 20_000 }).toEqual(['three']);
});

test('two members share the partitions, and one takes them all when the other leaves', async () => {
  const topic = freshName('shared');
  const groupId = freshName('group');
  const administration = await admin();
  await administration.createTopics({ topics: [{ topic, numPartitions: 4 }] });
  const seenByOne: Seen[] = [];
  const seenByTwo: Seen[] = [];
  await consume(topic, groupId, seenByOne);
  const two = await consume(topic, groupId, seenByTwo);
  const members = async () => (await administration.describeGroups([groupId])).groups[0];
  await expect.poll(async () => (await members()).members.length, { timeout: 30_000 }).toBe(2);
  await expect.poll(async () => (await members()).state, { timeout: 30_000 }).toBe('Stable');
  const client = await producer();
  const send = (text: string) =>
    client.send({ topic, messages: [0, 1, 2, 3].map((partition) => ({ partition, value: text })) });
  await send('both');
  await expect.poll(() => seenByOne.length + seenByTwo.length, { timeout: 20_000 }).toBe(4);
  expect([seenByOne.length, seenByTwo.length]).toEqual([2, 2]);
  await two.disconnect();
  await send('one');
  await expect.poll(() => seenByOne.filter(({ value }) => value === 'one').length, { timeout: 20_000 }).toBe(4);
});

test('the admin client sees cluster, topics, offsets, configs and groups', async () => {
  const topic = freshName('admin');
  const client = await admin();
  expect((await client.describeCluster()).brokers).toHaveLength(1);
  const configEntries = [{ name: 'retention.ms', value: '1000' }];
  expect(await client.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] })).toBe(true);
  expect(await client.createTopics({ topics: [{ topic }] })).toBe(false);
  expect(await client.listTopics()).toContain(topic);
  await client.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  const { topics } = await client.fetchTopicMetadata({ topics: [topic] });
  expect(topics[0].partitions.map(({ leader }) => leader)).toEqual([
    expect.any(Number),
    expect.any(Number),
    expect.any(Number),
  ]);
  await (await producer()).send({ topic, messages: [{ partition: 1, value: 'x' }] });
  const offsets = await client.fetchTopicOffsets(topic);
  expect(
    offsets.map(({ partition, low, high }) => `${partition}: ${low} to ${high}`).sort((a, b) => a.localeCompare(b)),
  ).toEqual(['0: 0 to 0', '1: 0 to 1', '2: 0 to 0']);
  const { resources } = await client.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: topic, configNames: ['retention.ms'] }],
  });
  expect(resources[0].configEntries).toMatchObject([{ configName: 'retention.ms', configValue: '1000' }]);
  await client.setOffsets({ groupId: topic, topic, partitions: [{ partition: 1, offset: '1' }] });
  expect(await client.fetchOffsets({ groupId: topic, topics: [topic] })).toMatchObject([
    { topic, partitions: expect.arrayContaining([expect.objectContaining({ partition: 1, offset: '1' })]) },
  ]);
  expect((await client.listGroups()).groups.map(({ groupId }) => groupId)).toContain(topic);
  await client.deleteGroups([topic]);
  await client.deleteTopics({ topics: [topic] });
  await expect.poll(() => client.listTopics()).not.toContain(topic);
});
