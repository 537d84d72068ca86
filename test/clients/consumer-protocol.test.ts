import {
  Admin,
  Consumer as PlatformaticConsumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { ConsumerGroupDescribe } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { freshName, useBroker } from './bootstrap.ts';
import { librdkafka, type Consumer } from './librdkafka.ts';

// Clients beat as often as they are told to: often, so that tests are short.
const bootstrap = useBroker({
  'group.consumer.min.heartbeat.interval.ms': '50',
  'group.consumer.heartbeat.interval.ms': '50',
  'group.consumer.assignment.interval.ms': '0',
});
const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function filledTopic(partitions: number, messages: number): Promise<string> {
  const topic = freshName('orders');
  const base = { clientId: 'test', bootstrapBrokers: [bootstrap.address] };
  const admin = new Admin(base);
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
  const producer = new Producer({ ...base, serializers: stringSerializers });
  await producer.send({
    messages: Array.from({ length: messages }, (_, i) => ({ topic, key: `k${i}`, value: `${i}` })),
  });
  await producer.close();
  return topic;
}

async function platformatic(
  topic: string,
  groupId: string,
  seen: string[],
): Promise<PlatformaticConsumer<string, string, string, string>> {
  const consumer = new PlatformaticConsumer({
    clientId: 'platformatic',
    bootstrapBrokers: [bootstrap.address],
    groupId,
    groupProtocol: 'consumer',
    deserializers: stringDeserializers,
    maxWaitTime: 100,
  });
  open.push(() => consumer.close(true));
  const stream = await consumer.consume({ topics: [topic], autocommit: true, mode: MessagesStreamModes.EARLIEST });
  stream.on('data', ({ value }) => seen.push(value));
  return consumer;
}

async function withLibrdkafka(
  subscription: string | RegExp,
  groupId: string,
  seen: string[],
  settings = {},
): Promise<Consumer> {
  const { Kafka: NativeKafka, logLevel: levels } = librdkafka!.KafkaJS;
  const kafka = new NativeKafka({ kafkaJS: { brokers: [bootstrap.address], logLevel: levels.NOTHING } });
  const consumer = kafka.consumer({
    'group.id': groupId,
    'group.protocol': 'consumer',
    'auto.offset.reset': 'earliest',
    ...settings,
  });
  await consumer.connect();
  open.push(() => consumer.disconnect());
  await consumer.subscribe({ topics: [subscription] });
  await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
  return consumer;
}

/** How many partitions each member has, and shall have, in the order of their sizes. */
async function spread(groupId: string): Promise<string> {
  const [host, port] = bootstrap.address.split(':');
  const client = await connect({ host, port: Number(port) });
  const {
    groups: [group],
  } = await client.send(ConsumerGroupDescribe, 1, {
    groupIds: [groupId],
    includeAuthorizedOperations: false,
  });
  await client.close();
  const sizes = group.members.map(({ assignment }) =>
    assignment.topicPartitions.reduce((sum, { partitions }) => sum + partitions.length, 0),
  );
  return `${group.groupState} ${sizes.toSorted((a, b) => a - b).join()}`;
}

const patience = { timeout: 20_000 };

test('@platformatic/kafka shares a topic by the consumer protocol, and takes over what a member leaves', async () => {
  const topic = await filledTopic(4, 20);
  const [groupId, one, two]: [string, string[], string[]] = [freshName('group'), [], []];
  await platformatic(topic, groupId, one);
  await expect.poll(() => one.length, patience).toBe(20);
  const second = await platformatic(topic, groupId, two);
  await expect.poll(() => spread(groupId), patience).toBe('Stable 2,2');
  await second.close(true);
  open.pop();
  await expect.poll(() => spread(groupId), patience).toBe('Stable 4');
}, 40_000);

describe.skipIf(librdkafka === null)('librdkafka (`npm run librdkafka` brings it)', () => {
  test('librdkafka shares a topic by the consumer protocol, subscribed by name and by expression', async () => {
    const topic = await filledTopic(4, 20);
    const [groupId, seen]: [string, string[]] = [freshName('group'), []];
    await withLibrdkafka(topic, groupId, seen);
    await expect.poll(() => seen.length, patience).toBe(20);
    await withLibrdkafka(new RegExp(`^${topic.slice(0, -1)}.*`), groupId, seen, { 'group.remote.assignor': 'range' });
    await expect.poll(() => spread(groupId), patience).toBe('Stable 2,2');
  }, 40_000);

  test('kafkajs and librdkafka share a group that is upgraded from the classic protocol while it lives', async () => {
    const topic = await filledTopic(4, 20);
    const [groupId, seen]: [string, string[]] = [freshName('group'), []];
    const classic = new Kafka({ brokers: [bootstrap.address], logLevel: logLevel.NOTHING }).consumer({
      groupId,
      heartbeatInterval: 50,
      sessionTimeout: 10_000,
      maxWaitTimeInMs: 100,
    });
    await classic.connect();
    open.push(() => classic.disconnect());
    await classic.subscribe({ topic, fromBeginning: true });
    await classic.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    await expect.poll(() => seen.length, patience).toBe(20);
    await withLibrdkafka(topic, groupId, seen);
    await expect.poll(() => spread(groupId), patience).toBe('Stable 2,2');
  }, 40_000);
});
