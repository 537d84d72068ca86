import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { afterEach, expect, test } from 'vitest';
import { freshName, useBroker } from './bootstrap.ts';

const bootstrap = useBroker();
const open: { close(force?: boolean): Promise<void> }[] = [];

afterEach(async () => {
  for (const client of open.splice(0).toReversed()) await client.close(client instanceof Consumer);
});

function base() {
  return { clientId: 'platformatic-test', bootstrapBrokers: [bootstrap.address], strict: true, retries: 3 };
}

function admin(): Admin {
  const client = new Admin(base());
  open.push(client);
  return client;
}

function producer(options = {}): Producer<string, string, string, string> {
  const client = new Producer({ ...base(), serializers: stringSerializers, autocreateTopics: true, ...options });
  open.push(client);
  return client;
}

type Message = { partition: number; offset: bigint; key: string; value: string; headers: Map<string, string> };

async function consume(topic: string, groupId: string, seen: Message[], options = {}) {
  const client = new Consumer({
    ...base(),
    groupId,
    deserializers: stringDeserializers,
    maxWaitTime: 200,
    sessionTimeout: 10_000,
    heartbeatInterval: 500,
    ...options,
  });
  open.push(client);
  const stream = await client.consume({ topics: [topic], autocommit: true, mode: MessagesStreamModes.EARLIEST });
  stream.on('data', (message) => seen.push(message));
  return client;
}

test('@platformatic/kafka reads what it wrote, with keys and headers', async () => {
  const topic = freshName('orders');
  await admin().createTopics({ topics: [topic], partitions: 3, replicas: 1 });
  const messages = Array.from({ length: 20 }, (_, i) => ({
    topic,
    key: `key-${i % 4}`,
    value: `value-${i}`,
    headers: new Map([['number', String(i)]]),
  }));
  await producer().send({ messages, acks: -1 });
  const seen: Message[] = [];
  await consume(topic, freshName('group'), seen);
  await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(20);
  for (let key = 0; key < 4; key++) {
    const own = seen.filter((message) => message.key === `key-${key}`);
    expect(own.map((message) => message.headers.get('number'))).toEqual(
      [0, 1, 2, 3, 4].map((n) => String(n * 4 + key)),
    );
  }
});

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('%s batches come back whole', async (compression) => {
  const topic = freshName(compression);
  const value = 'compress me '.repeat(500);
  await admin().createTopics({ topics: [topic], partitions: 1, replicas: 1 });
  await producer({ compression }).send({
    messages: [
      { topic, value },
      { topic, value: 'second' },
    ],
    acks: -1,
  });
  const seen: Message[] = [];
  await consume(topic, freshName('group'), seen);
  await expect.poll(() => seen.map((message) => message.value), { timeout: 20_000 }).toEqual([value, 'second']);
});

test('an idempotent producer numbers its batches and is acknowledged', async () => {
  const topic = freshName('idempotent');
  await admin().createTopics({ topics: [topic], partitions: 1, replicas: 1 });
  const client = producer({ idempotent: true });
  const offsets: (bigint | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    offsets.push((await client.send({ messages: [{ topic, value: String(i) }] })).offsets?.[0].offset);
  }
  expect(offsets).toEqual([0n, 1n, 2n]);
});

test('the admin client sees metadata and groups, and deletes what it made', async () => {
  const client = admin();
  const topic = freshName('admin');
  const created = await client.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
  expect(created[0]).toMatchObject({ name: topic, partitions: 2, replicas: 1 });
  expect(await client.listTopics()).toContain(topic);
  const seen: Message[] = [];
  const groupId = freshName('group');
  await consume(topic, groupId, seen);
  const groups = await client.describeGroups({ groups: [groupId] });
  await expect
    .poll(async () => (await client.describeGroups({ groups: [groupId] })).get(groupId)?.state)
    .toBe('Stable');
  expect(groups.get(groupId)?.members.size).toBe(1);
  await client.deleteTopics({ topics: [topic] });
  await expect.poll(() => client.listTopics()).not.toContain(topic);
});
