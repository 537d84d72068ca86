/** The cases, as kafkajs does them. */
import {
  CompressionTypes,
  Kafka,
  type KafkaJSProtocolError,
  logLevel,
  type ConsumerConfig,
  type KafkaMessage,
  type ProducerConfig,
} from 'kafkajs';
import { bootstrap, check, refusal, run, until } from '../check.ts';

const kafka = new Kafka({ clientId: run, brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 4 } });
const admin = kafka.admin();
await admin.connect();

let serial = 0;
const fresh = (word: string): string => `${run}-${word}-${serial++}`;
const errorName = ({ type, name }: KafkaJSProtocolError & Error): string => type ?? name;
const text = (value: Buffer | string | null | undefined): string | null => value?.toString() ?? null;

async function topicOf(word: string, numPartitions = 1): Promise<string> {
  const topic = fresh(word);
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions }] });
  // Kafka's broker learns of a topic a moment after its controller has made it.
  await until(async () => (await admin.fetchTopicOffsets(topic).catch(() => [])).length === numPartitions);
  return topic;
}

async function withProducer<T>(
  options: ProducerConfig,
  act: (producer: ReturnType<Kafka['producer']>) => Promise<T>,
): Promise<T> {
  const producer = kafka.producer(options);
  await producer.connect();
  try {
    return await act(producer);
  } finally {
    await producer.disconnect();
  }
}

type Seen = { partition: number; message: KafkaMessage };

/** Runs a consumer until `isDone`, and gives what it has read. */
async function consumed(
  topic: string,
  isDone: (seen: readonly Seen[]) => boolean,
  {
    fromBeginning = true,
    seekTo,
    ...options
  }: Partial<ConsumerConfig> & { fromBeginning?: boolean; seekTo?: string } = {},
): Promise<Seen[]> {
  const seen: Seen[] = [];
  const consumer = kafka.consumer({ groupId: fresh('reader'), maxWaitTimeInMs: 100, ...options });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning });
    await consumer.run({
      autoCommitThreshold: 1,
      eachMessage: async ({ partition, message }) => void seen.push({ partition, message }),
    });
    if (seekTo !== undefined) consumer.seek({ topic, partition: 0, offset: seekTo });
    await until(() => isDone(seen));
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

const values = (seen: readonly Seen[]): (string | null)[] => seen.map(({ message }) => text(message.value));
const some = (count: number, word = 'value') => Array.from({ length: count }, (_, at) => ({ value: `${word}-${at}` }));

async function adminCases(): Promise<void> {
  const topic = fresh('admin');
  const configEntries = [{ name: 'retention.ms', value: '5000000' }];
  await check('admin', 'create a topic', () =>
    admin.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] }),
  );
  await check('admin', 'create it again', () => admin.createTopics({ topics: [{ topic }] }));
  await check('admin', 'create one with an impossible name', () =>
    refusal(
      () => admin.createTopics({ topics: [{ topic: 'a b' }] }),
      (error: { errors?: KafkaJSProtocolError[] }) => error.errors?.map(({ type }) => type),
    ),
  );
  await check('admin', 'list topics', async () => (await admin.listTopics()).includes(topic));
  await check('admin', 'describe a topic', async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0].partitions
      .map(({ partitionId, isr, replicas }) => [partitionId, isr.length, replicas.length])
      .sort((a, b) => a[0] - b[0]);
  });
  await check('admin', 'add partitions', async () => {
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length;
  });
  await check('admin', 'describe and alter configurations', async () => {
    const read = async () => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: topic, configNames: ['retention.ms', 'cleanup.policy'] }],
      });
      return resources[0].configEntries
        .map(({ configName, configValue, isDefault }) => `${configName}=${configValue} ${isDefault}`)
        .sort((a, b) => a.localeCompare(b));
    };
    const before = await read();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: topic, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
    });
    return [before, await read()];
  });
  await check('admin', 'describe the cluster', async () => {
    const { brokers, controller, clusterId } = await admin.describeCluster();
    return [brokers.length, controller, clusterId.length > 0];
  });
  await check('admin', 'access control lists are off', () =>
    refusal(
      () =>
        admin.describeAcls({
          resourceType: 2,
          resourceName: topic,
          resourcePatternType: 3,
          operation: 1,
          permissionType: 1,
        }),
      errorName,
    ),
  );
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
      const [answer] = await withProducer({}, (producer) => producer.send({ topic, acks, messages: some(10) }));
      const read = await consumed(topic, (seen) => seen.length >= 10);
      return [answer?.baseOffset, answer?.errorCode, values(read)];
    });
  }
  await check('produce', 'idempotent', async () => {
    const topic = await topicOf('idempotent');
    const offsets = await withProducer({ idempotent: true, maxInFlightRequests: 1 }, async (producer) => {
      const answers = [];
      for (let at = 0; at < 5; at++) answers.push(await producer.send({ topic, messages: some(2) }));
      return answers.map(([answer]) => answer.baseOffset);
    });
    return [offsets, await admin.fetchTopicOffsets(topic)];
  });
  await check('produce', 'too large a record', async () => {
    const topic = await topicOf('large');
    return withProducer({}, (producer) =>
      refusal(() => producer.send({ topic, messages: [{ value: Buffer.alloc(2_000_000) }] }), errorName),
    );
  });
  await check('produce', 'to a topic that is made on the way', async () => {
    const topic = fresh('automatic');
    await withProducer({ allowAutoTopicCreation: true }, (producer) => producer.send({ topic, messages: some(1) }));
    return admin.fetchTopicOffsets(topic);
  });
}

async function consumeCases(): Promise<void> {
  const topic = await topicOf('consume', 3);
  const messages = Array.from({ length: 60 }, (_, at) => ({ key: `k${at % 7}`, value: `v${at}`, partition: at % 3 }));
  await withProducer({}, (producer) => producer.send({ topic, messages }));
  await check('consume', 'from the beginning, in order', async () => {
    const seen = await consumed(topic, ({ length }) => length >= 60);
    return [0, 1, 2].map((wanted) =>
      seen
        .filter(({ partition }) => partition === wanted)
        .map(({ message }) => `${message.offset} ${text(message.key)} ${text(message.value)}`),
    );
  });
  await check('consume', 'from an offset', async () => {
    const own = await topicOf('seek');
    await withProducer({}, (producer) => producer.send({ topic: own, messages: some(10) }));
    const seen = await consumed(
      own,
      (read) => text(read.at(-1)?.message.value) === 'value-9' && text(read[0].message.value) === 'value-7',
      { seekTo: '7', fromBeginning: false },
    );
    return values(seen);
  });
  await check('consume', 'a tombstone', async () => {
    const own = await topicOf('tombstone');
    await withProducer({}, (producer) =>
      producer.send({
        topic: own,
        messages: [
          { key: 'gone', value: null },
          { key: null, value: '' },
        ],
      }),
    );
    return (await consumed(own, ({ length }) => length >= 2)).map(({ message }) => [
      text(message.key),
      text(message.value),
    ]);
  });
}

async function compressionCases(): Promise<void> {
  for (const [name, compression] of [
    ['none', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
  ] as const) {
    await check('compression', name, async () => {
      const topic = await topicOf(name);
      const messages = some(20, 'compress me '.repeat(50));
      await withProducer({}, (producer) => producer.send({ topic, compression, messages }));
      const seen = values(await consumed(topic, ({ length }) => length >= 20));
      return [seen.length, seen.every((value, at) => value === messages[at].value)];
    });
  }
}

async function groupCases(): Promise<void> {
  await check('groups', 'goes on where it committed', async () => {
    const topic = await topicOf('resume');
    const groupId = fresh('group');
    await withProducer({}, (producer) => producer.send({ topic, messages: some(3) }));
    const first = await consumed(topic, ({ length }) => length >= 3, { groupId });
    await withProducer({}, (producer) => producer.send({ topic, messages: some(2, 'later') }));
    return [values(first), values(await consumed(topic, ({ length }) => length >= 2, { groupId }))];
  });
  await check('groups', 'two members share, one takes over', async () => {
    const topic = await topicOf('shared', 4);
    const groupId = fresh('group');
    const seen = [0, 0];
    const consumers = [0, 1].map((at) => {
      const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, heartbeatInterval: 300 });
      return { consumer, at };
    });
    for (const { consumer, at } of consumers) {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ eachMessage: async () => void seen[at]++ });
    }
    const group = async () => (await admin.describeGroups([groupId])).groups[0];
    await until(async () => (await group()).members.length === 2 && (await group()).state === 'Stable');
    const { protocol, protocolType } = await group();
    const send = () =>
      withProducer({}, (producer) =>
        producer.send({ topic, messages: [0, 1, 2, 3].map((partition) => ({ partition, value: 'x' })) }),
      );
    await send();
    await until(() => seen[0] + seen[1] === 4);
    const shared = [...seen];
    await consumers[1].consumer.disconnect();
    await send();
    await until(() => seen[0] + seen[1] === 8);
    await consumers[0].consumer.disconnect();
    return [shared, seen, protocol, protocolType, (await group()).state];
  });
  await check('groups', 'list and delete groups', async () => {
    const topic = await topicOf('deleted');
    const groupId = fresh('group');
    await withProducer({}, (producer) => producer.send({ topic, messages: some(1) }));
    await consumed(topic, ({ length }) => length >= 1, { groupId });
    const isListed = async () =>
      (await admin.listGroups()).groups.find((each) => each.groupId === groupId)?.protocolType;
    const before = await isListed();
    const answers = await admin.deleteGroups([groupId]);
    return [before, answers.map(({ errorCode }) => errorCode), await isListed()];
  });
}

async function transactionCases(): Promise<void> {
  const transactional = () => ({ transactionalId: fresh('id'), idempotent: true, maxInFlightRequests: 1 });
  await check('transactions', 'committed is read, aborted is not', async () => {
    const topic = await topicOf('transactions', 2);
    await withProducer(transactional(), async (producer) => {
      for (const [word, end] of [
        ['a', 'commit'],
        ['b', 'abort'],
        ['c', 'commit'],
      ] as const) {
        const transaction = await producer.transaction();
        await transaction.send({
          topic,
          messages: [
            { partition: 0, value: `${word}0` },
            { partition: 1, value: `${word}1` },
          ],
        });
        await transaction[end]();
      }
    });
    const read = await consumed(topic, ({ length }) => length >= 4, { readUncommitted: false });
    return values(read).sort((a, b) => (a ?? '').localeCompare(b ?? ''));
  });
  await check('transactions', 'offsets count when it commits', async () => {
    const topic = await topicOf('offsets');
    const groupId = fresh('group');
    const offset = async () => (await admin.fetchOffsets({ groupId, topics: [topic] }))[0].partitions[0].offset;
    const seen: string[] = [];
    // A producer each: kafkajs does not wait for the markers of the transaction before.
    for (const [committed, end] of [
      ['5', 'abort'],
      ['7', 'commit'],
    ] as const) {
      await withProducer(transactional(), async (producer) => {
        const transaction = await producer.transaction();
        const partitions = [{ partition: 0, offset: committed }];
        await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
        await transaction[end]();
        await until(async () => end === 'abort' || (await offset()) === committed);
        seen.push(await offset());
      });
    }
    return seen;
  });
  await check('transactions', 'a younger producer fences the older', async () => {
    const topic = await topicOf('fenced');
    const options = { ...transactional(), retry: { retries: 1 } };
    return withProducer(options, (old) =>
      withProducer(options, async (young) => {
        const left = await old.transaction();
        await left.send({ topic, messages: some(1, 'left') });
        const transaction = await young.transaction();
        await transaction.send({ topic, messages: some(1, 'young') });
        const why = await refusal(() => left.commit(), errorName);
        await transaction.commit();
        return [why, values(await consumed(topic, ({ length }) => length >= 1, { readUncommitted: false }))];
      }),
    );
  });
}

async function headerCases(): Promise<void> {
  await check('headers', 'headers and times come back', async () => {
    const topic = await topicOf('headers');
    const messages = [{ value: 'x', timestamp: '1700000000123', headers: { one: 'a', many: ['b', 'c'], empty: '' } }];
    await withProducer({}, (producer) => producer.send({ topic, messages }));
    const [{ message }] = await consumed(topic, ({ length }) => length >= 1);
    const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [
      name,
      [value].flat().map((each) => text(each)),
    ]);
    return [headers, message.timestamp, message.attributes];
  });
}

/** Kafka answers about partitions in any order. */
function sorted<T extends { partition: number }>(found: T[]): T[] {
  return found.sort((a, b) => a.partition - b.partition);
}

async function offsetCases(): Promise<void> {
  const topic = await topicOf('offsets', 2);
  const messages = Array.from({ length: 10 }, (_, at) => ({
    value: `v${at}`,
    partition: 0,
    timestamp: `${1_700_000_000_000 + at * 10}`,
  }));
  await withProducer({}, (producer) => producer.send({ topic, messages }));
  await check('offsets', 'first and last', async () => sorted(await admin.fetchTopicOffsets(topic)));
  await check('offsets', 'by time', async () => [
    sorted(await admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_000_035)),
    sorted(await admin.fetchTopicOffsetsByTimestamp(topic, 4_000_000_000_000)),
  ]);
  await check('offsets', 'set, fetched and reset', async () => {
    const groupId = fresh('group');
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '4' }] });
    const before = await admin.fetchOffsets({ groupId, topics: [topic] });
    await admin.resetOffsets({ groupId, topic, earliest: true });
    return [before, await admin.fetchOffsets({ groupId, topics: [topic] })];
  });
  await check('offsets', 'metadata of a commit', async () => {
    const groupId = fresh('group');
    const consumer = kafka.consumer({ groupId });
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await until(async () => (await admin.describeGroups([groupId])).groups[0].state === 'Stable');
    await consumer.commitOffsets([{ topic, partition: 1, offset: '0', metadata: 'méta' }]);
    await consumer.disconnect();
    const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return partitions.sort((a, b) => a.partition - b.partition);
  });
}

await adminCases().then(produceCases);
await consumeCases();
await compressionCases();
await groupCases();
await transactionCases();
await headerCases();
await offsetCases();
process.exit(0);
