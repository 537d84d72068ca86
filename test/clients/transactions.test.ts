/** Transactions as kafkajs (version 1) and librdkafka do them, consume-transform-produce included. */
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { freshName, useBroker } from './bootstrap.ts';
import { librdkafka } from './librdkafka.ts';

const bootstrap = useBroker();
const open: { disconnect(): Promise<void> }[] = [];

afterEach(async () => {
  for (const client of open.splice(0).toReversed()) await client.disconnect();
});

async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(client: T): Promise<T> {
  await client.connect();
  open.push(client);
  return client;
}

function kafkajs(): Kafka {
  return new Kafka({ clientId: 'kafkajs-test', brokers: [bootstrap.address], logLevel: logLevel.NOTHING });
}

async function newTopic(prefix: string): Promise<string> {
  const topic = freshName(prefix);
  await (await connected(kafkajs().admin())).createTopics({ topics: [{ topic, numPartitions: 2 }] });
  return topic;
}

/** What a reader of committed records gets, from the beginning. */
async function committed(topic: string, groupId = freshName('reader')): Promise<string[]> {
  const seen: string[] = [];
  const consumer = await connected(kafkajs().consumer({ groupId, readUncommitted: false, maxWaitTimeInMs: 100 }));
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
  return seen;
}

test('kafkajs: committed records are read, aborted ones are not, over two partitions', async () => {
  const topic = await newTopic('kafkajs');
  const producer = await connected(
    kafkajs().producer({ transactionalId: freshName('id'), maxInFlightRequests: 1, idempotent: true }),
  );
  const seen = await committed(topic);
  for (const [name, end] of [
    ['a', 'commit'],
    ['b', 'abort'],
    ['c', 'commit'],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({
      topic,
      messages: [
        { partition: 0, value: `${name}0` },
        { partition: 1, value: `${name}1` },
      ],
    });
    await transaction[end]();
  }
  await expect.poll(() => seen.toSorted(), { timeout: 20_000 }).toEqual(['a0', 'a1', 'c0', 'c1']);
});

test('kafkajs: offsets sent with a transaction count when it commits', async () => {
  const topic = await newTopic('offsets');
  const groupId = freshName('group');
  const producer = await connected(
    kafkajs().producer({ transactionalId: freshName('id'), maxInFlightRequests: 1, idempotent: true }),
  );
  const admin = await connected(kafkajs().admin());
  const offset = async () =>
    (await admin.fetchOffsets({ groupId, topics: [topic] }))[0].partitions.find(({ partition }) => partition === 0)
      ?.offset;
  const send = async (value: string, end: 'commit' | 'abort') => {
    const transaction = await producer.transaction();
    await transaction.sendOffsets({
      consumerGroupId: groupId,
      topics: [{ topic, partitions: [{ partition: 0, offset: value }] }],
    });
    await transaction[end]();
  };
  await send('5', 'abort');
  expect(await offset()).toBe('-1');
  await send('7', 'commit');
  expect(await offset()).toBe('7');
});

test('kafkajs: a younger instance of the same transactional id fences the older, and ends what it left open', async () => {
  const topic = await newTopic('fenced');
  const transactionalId = freshName('id');
  const settings = { transactionalId, maxInFlightRequests: 1, idempotent: true, retry: { retries: 1 } };
  const old = await connected(kafkajs().producer(settings));
  const left = await old.transaction();
  await left.send({ topic, messages: [{ partition: 0, value: 'left open' }] });
  const young = await connected(kafkajs().producer(settings));
  const transaction = await young.transaction();
  await transaction.send({ topic, messages: [{ partition: 0, value: 'young' }] });
  await expect(left.commit()).rejects.toThrow(/fenced|epoch|transaction/i);
  await transaction.commit();
  const seen = await committed(topic);
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['young']);
});

describe.skipIf(librdkafka === null)('librdkafka (`npm run librdkafka` brings it)', () => {
  function kafka() {
    return new librdkafka!.KafkaJS.Kafka({
      kafkaJS: {
        clientId: 'librdkafka-test',
        brokers: [bootstrap.address],
        logLevel: librdkafka!.KafkaJS.logLevel.NOTHING,
      },
    });
  }

  test('librdkafka: committed records are read, aborted ones are not', async () => {
    const topic = await newTopic('librdkafka');
    const producer = await connected(kafka().producer({ kafkaJS: { transactionalId: freshName('id') } }));
    for (const [name, end] of [
      ['a', 'commit'],
      ['b', 'abort'],
      ['c', 'commit'],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({
        topic,
        messages: [
          { partition: 0, value: `${name}0` },
          { partition: 1, value: `${name}1` },
        ],
      });
      await transaction[end]();
    }
    const seen = await committed(topic);
    await expect.poll(() => seen.toSorted(), { timeout: 20_000 }).toEqual(['a0', 'a1', 'c0', 'c1']);
  });

  test('librdkafka: what is consumed, transformed and produced in transactions comes out once', async () => {
    const [from, to] = [await newTopic('from'), await newTopic('to')];
    const input = Array.from({ length: 40 }, (_, i) => String(i));
    await (await connected(kafkajs().producer())).send({ topic: from, messages: input.map((value) => ({ value })) });
    const consumer = await connected(
      kafka().consumer({
        kafkaJS: { groupId: freshName('chain'), fromBeginning: true, autoCommit: false },
        'isolation.level': 'read_committed',
      }),
    );
    const producer = await connected(kafka().producer({ kafkaJS: { transactionalId: freshName('chain') } }));
    await consumer.subscribe({ topics: [from] });
    await consumer.run({
      eachMessage: async ({ topic, partition, message }) => {
        const transaction = await producer.transaction();
        await transaction.send({ topic: to, messages: [{ value: `${String(message.value)}!` }] });
        const offset = String(Number(message.offset) + 1);
        await transaction.sendOffsets({ consumer, topics: [{ topic, partitions: [{ partition, offset }] }] });
        await transaction.commit();
      },
    });
    const seen = await committed(to);
    await expect.poll(() => seen.toSorted(), { timeout: 25_000 }).toEqual(input.map((value) => `${value}!`).toSorted());
  });
});
