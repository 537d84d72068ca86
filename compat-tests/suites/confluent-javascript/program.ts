/** The cases, as @confluentinc/kafka-javascript does them by its kafkajs-like interface. */
import {
  librdkafka,
  type Consumer,
  type Message,
  type Producer,
  type Received,
} from '../../../test/clients/librdkafka.ts';
import { bootstrap, check, refusal, run, until } from '../check.ts';

const { Kafka, logLevel } = librdkafka!.KafkaJS;
const kafka = new Kafka({ kafkaJS: { clientId: run, brokers: [bootstrap], logLevel: logLevel.NOTHING } });

/** As much of its admin client as the interface of the tests does not name. */
interface MoreAdmin {
  fetchTopicMetadata(options: object): Promise<readonly { partitions: readonly { partitionId: number }[] }[]>;
  fetchTopicOffsets(topic: string): Promise<readonly { partition: number; low: string; high: string }[]>;
  fetchTopicOffsetsByTimestamp(topic: string, timestamp: number): Promise<readonly object[]>;
  fetchOffsets(options: { groupId: string }): Promise<readonly object[]>;
  deleteTopicRecords(options: object): Promise<readonly object[]>;
  describeGroups(
    groups: string[],
  ): Promise<{ groups: readonly { state: number; members: readonly object[]; protocol: string }[] }>;
  listGroups(): Promise<{ groups: readonly { groupId: string; protocolType: string }[] }>;
  deleteGroups(groups: string[]): Promise<readonly { errorCode?: number }[]>;
}

const plainAdmin = kafka.admin();
const admin = plainAdmin as typeof plainAdmin & MoreAdmin;
await admin.connect();

let serial = 0;
const fresh = (word: string): string => `${run}-${word}-${serial++}`;
const errorName = ({ type, code, message }: { type?: string; code?: number; message: string }): unknown =>
  type ?? code ?? message;
const text = (value: Buffer | string | null | undefined): string | null => value?.toString() ?? null;
const some = (count: number, word = 'value'): Message[] =>
  Array.from({ length: count }, (_, at) => ({ value: `${word}-${at}`, partition: 0 }));
const values = (seen: readonly Received[]): (string | null)[] => seen.map(({ message }) => text(message.value));

async function topicOf(word: string, numPartitions = 1): Promise<string> {
  const topic = fresh(word);
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
  return topic;
}

async function withProducer<T>(settings: object, act: (producer: Producer) => Promise<T>): Promise<T> {
  const producer = kafka.producer(settings as Record<string, unknown>);
  await producer.connect();
  try {
    return await act(producer);
  } finally {
    await producer.disconnect();
  }
}

const write = (topic: string, messages: readonly Message[], settings: object = {}) =>
  withProducer(settings, (producer) => producer.send({ topic, messages }));

async function started(topic: string, seen: Received[], settings: object): Promise<Consumer> {
  const consumer = kafka.consumer({
    'group.id': fresh('reader'),
    'auto.offset.reset': 'earliest',
    'fetch.wait.max.ms': 100,
    ...settings,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({ eachMessage: async (received) => void seen.push(received) });
  return consumer;
}

/** Reads until there are `count` messages. */
async function consumed(topic: string, count: number, settings: object = {}): Promise<Received[]> {
  const seen: Received[] = [];
  const consumer = await started(topic, seen, settings);
  try {
    await until(() => seen.length >= count);
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

async function adminCases(): Promise<void> {
  const topic = fresh('admin');
  await check('admin', 'create a topic', () => admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }));
  await check('admin', 'create it again', () => admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }));
  await check('admin', 'create one with an impossible name', () =>
    refusal(() => admin.createTopics({ topics: [{ topic: 'a b', numPartitions: 2 }] }), errorName),
  );
  await check('admin', 'list topics', async () => (await admin.listTopics()).includes(topic));
  await check('admin', 'describe a topic', async () => {
    const [{ partitions }] = await admin.fetchTopicMetadata({ topics: [topic] });
    return partitions.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
  });
  await check('admin', 'delete records', async () => {
    const own = await topicOf('records');
    await write(own, some(5));
    return admin.deleteTopicRecords({ topic: own, partitions: [{ partition: 0, offset: '3' }] });
  });
  await check('admin', 'delete a topic', async () => {
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic));
    return refusal(() => admin.deleteTopics({ topics: [topic] }), errorName);
  });
}

async function produceCases(): Promise<void> {
  for (const acks of [-1, 1, 0]) {
    await check('produce', `acks ${acks}`, async () => {
      const topic = await topicOf('acks');
      const answers = await write(topic, some(10), { kafkaJS: { acks } });
      const offsets = answers.map(({ baseOffset, errorCode }) => [acks === 0 || baseOffset, errorCode]);
      return [offsets, values(await consumed(topic, 10))];
    });
  }
  await check('produce', 'idempotent', async () => {
    const topic = await topicOf('idempotent');
    await write(topic, some(50), { 'enable.idempotence': true, 'batch.num.messages': 3 });
    return values(await consumed(topic, 50));
  });
  await check('produce', 'too large a record', async () => {
    const topic = await topicOf('large');
    const messages = [{ value: Buffer.alloc(2_000_000), partition: 0 }];
    return refusal(() => write(topic, messages, { 'message.max.bytes': 5_000_000 }), errorName);
  });
}

async function consumeCases(): Promise<void> {
  await check('consume', 'from the beginning, in order', async () => {
    const topic = await topicOf('consume', 3);
    await write(
      topic,
      some(60).map((message, at) => ({ ...message, partition: at % 3 })),
    );
    const seen = await consumed(topic, 60);
    return [0, 1, 2].map((wanted) =>
      seen
        .filter(({ partition }) => partition === wanted)
        .map(({ message }) => `${message.offset} ${text(message.value)}`),
    );
  });
  await check('consume', 'a tombstone', async () => {
    const topic = await topicOf('tombstone');
    await write(topic, [
      { key: 'gone', value: null, partition: 0 },
      { key: null, value: '', partition: 0 },
    ]);
    return (await consumed(topic, 2)).map(({ message }) => [text(message.key), text(message.value)]);
  });
}

async function compressionCases(): Promise<void> {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].filter(
    (codec) => codec === 'none' || librdkafka!.features.includes(codec),
  );
  for (const codec of codecs) {
    await check('compression', codec, async () => {
      const topic = await topicOf(codec);
      const messages = some(20, 'compress me '.repeat(50));
      await write(topic, messages, { 'compression.codec': codec });
      const seen = values(await consumed(topic, 20));
      return [seen.length, seen.every((value, at) => value === messages[at].value)];
    });
  }
}

async function groupCases(): Promise<void> {
  for (const protocol of ['classic', 'consumer']) {
    const settings = {
      'group.protocol': protocol,
      ...(protocol === 'classic' ? { 'heartbeat.interval.ms': 300 } : {}),
    };
    await check('groups', `goes on where it committed, ${protocol}`, async () => {
      const topic = await topicOf('resume');
      const group = { ...settings, 'group.id': fresh('group') };
      await write(topic, some(3));
      const first = await consumed(topic, 3, group);
      await write(topic, some(2, 'later'));
      return [values(first), values(await consumed(topic, 2, group))];
    });
    await check('groups', `two members share, one takes over, ${protocol}`, async () => {
      const topic = await topicOf('shared', 4);
      const group = { ...settings, 'group.id': fresh('group') };
      const members = [await started(topic, [], group), await started(topic, [], group)];
      const partitions = (): number[] => members.map((member) => member.assignment().length);
      await until(() => partitions().join() === '2,2');
      await members[1].disconnect();
      await until(() => members[0].assignment().length === 4);
      await members[0].disconnect();
      return 'shared and taken over';
    });
  }
  await check('groups', 'cooperative, static members', async () => {
    const topic = await topicOf('cooperative', 4);
    const group = {
      'group.id': fresh('group'),
      'partition.assignment.strategy': 'cooperative-sticky',
      'heartbeat.interval.ms': 300,
    };
    const members: Consumer[] = [];
    for (const id of ['a', 'b']) members.push(await started(topic, [], { ...group, 'group.instance.id': id }));
    await until(() => members.map((member) => member.assignment().length).join() === '2,2');
    const { groups } = await admin.describeGroups([group['group.id']]);
    for (const member of members) await member.disconnect();
    return groups.map(({ state, protocol, members: found }) => [state, protocol, found.length]);
  });
  await check('groups', 'list and delete groups', async () => {
    const topic = await topicOf('deleted');
    const groupId = fresh('group');
    await write(topic, some(1));
    await consumed(topic, 1, { 'group.id': groupId });
    const find = async () => (await admin.listGroups()).groups.find((each) => each.groupId === groupId)?.protocolType;
    const before = await find();
    const answers = await admin.deleteGroups([groupId]);
    return [before, answers.map(({ errorCode }) => errorCode), await find()];
  });
}

async function transactionCases(): Promise<void> {
  await check('transactions', 'committed is read, aborted is not', async () => {
    const topic = await topicOf('transactions', 2);
    await withProducer({ 'transactional.id': fresh('id') }, async (producer) => {
      for (const [word, end] of [
        ['a', 'commit'],
        ['b', 'abort'],
        ['c', 'commit'],
      ] as const) {
        const transaction = await producer.transaction();
        await transaction.send({
          topic,
          messages: [0, 1].map((partition) => ({ partition, value: word + partition })),
        });
        await transaction[end]();
      }
    });
    const seen = values(await consumed(topic, 4, { 'isolation.level': 'read_committed' }));
    return seen.toSorted((a, b) => (a ?? '').localeCompare(b ?? ''));
  });
  await check('transactions', 'consumed, transformed and produced once', async () => {
    const [from, to] = [await topicOf('from'), await topicOf('to')];
    await write(from, some(10));
    const seen: Received[] = [];
    const groupId = fresh('chain');
    const consumer = await started(from, seen, { 'group.id': groupId, 'enable.auto.commit': false });
    await until(() => seen.length === 10);
    await withProducer({ 'transactional.id': fresh('id') }, async (producer) => {
      const transaction = await producer.transaction();
      await transaction.send({
        topic: to,
        messages: values(seen).map((value) => ({ partition: 0, value: `${value}!` })),
      });
      await transaction.sendOffsets({
        consumer,
        topics: [{ topic: from, partitions: [{ partition: 0, offset: '10' }] }],
      });
      await transaction.commit();
    });
    await consumer.disconnect();
    return [values(await consumed(to, 10)), await admin.fetchOffsets({ groupId })];
  });
}

async function headerCases(): Promise<void> {
  await check('headers', 'headers and times come back', async () => {
    const topic = await topicOf('headers');
    await write(topic, [{ value: 'x', partition: 0, timestamp: '1700000000123', headers: { one: 'a', empty: '' } }]);
    const [{ message }] = await consumed(topic, 1);
    return [Object.entries(message.headers ?? {}).map(([name, value]) => [name, text(value)]), message.timestamp];
  });
}

async function offsetCases(): Promise<void> {
  const topic = await topicOf('offsets', 2);
  await write(
    topic,
    some(10).map((message, at) => ({ ...message, timestamp: `${1_700_000_000_000 + at * 10}` })),
  );
  await check('offsets', 'first and last', () => admin.fetchTopicOffsets(topic));
  await check('offsets', 'by time', async () => [
    await admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_000_035),
    await admin.fetchTopicOffsetsByTimestamp(topic, 4_000_000_000_000),
  ]);
  await check('offsets', 'committed', async () => {
    const groupId = fresh('group');
    const consumer = await started(topic, [], { 'group.id': groupId, 'enable.auto.commit': false });
    await until(() => consumer.assignment().length === 2);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '4' }]);
    await consumer.disconnect();
    return admin.fetchOffsets({ groupId });
  });
}

for (const cases of [
  adminCases,
  produceCases,
  consumeCases,
  compressionCases,
  groupCases,
  transactionCases,
  headerCases,
  offsetCases,
]) {
  await cases();
}
await admin.disconnect();
process.exit(0);
