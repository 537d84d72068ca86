import { afterEach, describe, expect, test } from 'vitest';
import { freshName, useBroker } from './bootstrap.ts';
import { librdkafka, type Consumer } from './librdkafka.ts';

const bootstrap = useBroker();
const open: { disconnect(): Promise<void> }[] = [];

afterEach(async () => {
  for (const client of open.splice(0).toReversed()) await client.disconnect();
});

function kafka() {
  return new librdkafka!.KafkaJS.Kafka({
    kafkaJS: {
      clientId: 'librdkafka-test',
      brokers: [bootstrap.address],
      logLevel: librdkafka!.KafkaJS.logLevel.NOTHING,
    },
  });
}

async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(client: T): Promise<T> {
  await client.connect();
  open.push(client);
  return client;
}

interface Seen {
  partition: number;
  offset: string;
  key: string | undefined;
  value: string | undefined;
  header: string | undefined;
}

async function consume(topic: string, seen: Seen[], settings: Record<string, unknown> = {}): Promise<Consumer> {
  const consumer = await connected(
    kafka().consumer({
      kafkaJS: { groupId: freshName('group'), fromBeginning: true },
      'session.timeout.ms': 10_000,
      'heartbeat.interval.ms': 500,
      ...settings,
    }),
  );
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      seen.push({
        partition,
        offset: message.offset,
        key: message.key?.toString(),
        value: message.value?.toString(),
        header: message.headers?.number?.toString(),
      });
    },
  });
  return consumer;
}

async function createTopic(topic: string, numPartitions: number): Promise<void> {
  const admin = await connected(kafka().admin());
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
}

describe.skipIf(librdkafka === null)('librdkafka (`npm run librdkafka` brings it)', () => {
  test('librdkafka reads what it wrote, with keys and headers', async () => {
    const topic = freshName('orders');
    await createTopic(topic, 3);
    const producer = await connected(kafka().producer());
    const messages = Array.from({ length: 20 }, (_, i) => ({
      key: `key-${i % 4}`,
      value: `value-${i}`,
      headers: { number: String(i) },
    }));
    await producer.send({ topic, messages });
    const seen: Seen[] = [];
    await consume(topic, seen);
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(20);
    for (let key = 0; key < 4; key++) {
      const own = seen.filter((message) => message.key === `key-${key}`);
      expect(own.map(({ header }) => header)).toEqual([0, 1, 2, 3, 4].map((n) => String(n * 4 + key)));
    }
  }, 40_000);

  // Which codecs it has depends on the libraries that were there when it was built.
  test.for(['gzip', 'snappy', 'lz4', 'zstd'])(
    '%s batches come back whole',
    { timeout: 40_000 },
    async (codec, { skip }) => {
      skip(!librdkafka!.features.includes(codec), `this librdkafka was built without ${codec}`);
      const topic = freshName(codec);
      await createTopic(topic, 1);
      const producer = await connected(kafka().producer({ 'compression.codec': codec, 'linger.ms': 20 }));
      const value = 'compress me '.repeat(500);
      await producer.send({ topic, messages: [{ value }, { value: 'second' }] });
      const seen: Seen[] = [];
      await consume(topic, seen);
      await expect.poll(() => seen.map((message) => message.value), { timeout: 20_000 }).toEqual([value, 'second']);
    },
  );

  test('an idempotent producer is acknowledged in order', async () => {
    const topic = freshName('idempotent');
    await createTopic(topic, 1);
    const producer = await connected(kafka().producer({ 'enable.idempotence': true }));
    for (let i = 0; i < 5; i++) await producer.send({ topic, messages: [{ value: String(i) }] });
    const seen: Seen[] = [];
    await consume(topic, seen);
    await expect
      .poll(() => seen.map(({ offset, value }) => `${offset}:${value}`), { timeout: 20_000 })
      .toEqual(['0:0', '1:1', '2:2', '3:3', '4:4']);
  }, 40_000);

  test('the first send to a topic that does not exist creates it', async () => {
    const topic = freshName('automatic');
    const producer = await connected(kafka().producer());
    await producer.send({ topic, messages: [{ value: 'hello' }] });
    const seen: Seen[] = [];
    await consume(topic, seen);
    await expect.poll(() => seen.map(({ value }) => value), { timeout: 20_000 }).toEqual(['hello']);
  }, 40_000);
});
