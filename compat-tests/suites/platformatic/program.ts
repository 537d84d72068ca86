/** The cases, as @platformatic/kafka does them. */
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
  type GroupProtocols,
  type Message,
} from '@platformatic/kafka';
import { bootstrap, check, refusal, run, until } from '../check.ts';

const base = { clientId: run, bootstrapBrokers: [bootstrap], strict: true, retries: 5, retryDelay: 200 };
const admin = new Admin(base);
let serial = 0;
const fresh = (word: string): string => `${run}-${word}-${serial++}`;

type Text = Message<string, string, string, string>;
type Failure = { code?: string; apiId?: string; errors?: Failure[]; cause?: Failure; message: string };

/** The innermost name that the client has for what went wrong. */
function errorName(error: Failure): unknown {
  const inner = error.errors?.[0] ?? error.cause;
  return inner === undefined ? (error.apiId ?? error.code ?? error.message) : errorName(inner);
}

async function topicOf(word: string, partitions = 1): Promise<string> {
  const topic = fresh(word);
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  // Kafka's broker learns of a topic a moment after its controller has made it.
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
  await until(async () => {
    try {
      return (await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] })).length > 0;
    } catch {
      return false;
    }
  });
  return topic;
}

type TextProducer = Producer<string, string, string, string>;

async function withProducer<T>(options: object, act: (producer: TextProducer) => Promise<T>): Promise<T> {
  const producer = new Producer({ ...base, serializers: stringSerializers, ...options });
  try {
    return await act(producer);
  } finally {
    await producer.close();
  }
}

const write = (topic: string, values: readonly string[], partition = 0) =>
  withProducer({}, (producer) =>
    producer.send({ acks: -1, messages: values.map((value) => ({ topic, partition, value, key: value })) }),
  );
const some = (count: number, word = 'value'): string[] => Array.from({ length: count }, (_, at) => `${word}-${at}`);

/** Reads until there are `count` messages. */
async function consumed(topic: string, count: number, options: object = {}, member: object = {}): Promise<Text[]> {
  const consumer = newConsumer(fresh('reader'), member);
  const seen: Text[] = [];
  try {
    const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, ...options });
    stream.on('data', (message) => seen.push(message));
    await until(() => seen.length >= count);
    await stream.close();
  } finally {
    await consumer.close(true);
  }
  return seen;
}

function newConsumer(groupId: string, options: object = {}): Consumer<string, string, string, string> {
  return new Consumer({
    ...base,
    groupId,
    deserializers: stringDeserializers,
    maxWaitTime: 100,
    sessionTimeout: 10_000,
    heartbeatInterval: 300,
    autocommit: true,
    ...options,
  });
}

const values = (seen: readonly Text[]): string[] => seen.map(({ value }) => value);

async function adminCases(): Promise<void> {
  const topic = fresh('admin');
  await check('admin', 'create a topic', async () => {
    const [created] = await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
    return [created.name, created.partitions, created.replicas, Object.keys(created.configuration).length];
  });
  await check('admin', 'create it again', () =>
    refusal(() => admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 }), errorName),
  );
  await check('admin', 'create one with an impossible name', () =>
    refusal(() => admin.createTopics({ topics: ['a b'] }), errorName),
  );
  await check('admin', 'list topics', async () => (await admin.listTopics()).includes(topic));
  await check('admin', 'add partitions', async () => {
    await admin.createPartitions({ topics: [{ name: topic, count: 3, assignments: [{ brokerIds: [1] }] }] });
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    return topics.get(topic)?.partitionsCount;
  });
  await check('admin', 'describe and alter configurations', async () => {
    const resource = { resourceType: 2, resourceName: topic } as const;
    const read = async () => {
      const [found] = await admin.describeConfigs({
        resources: [{ ...resource, configurationKeys: ['cleanup.policy'] }],
      });
      return found.configs.map(({ name, value, configSource }) => [name, value, configSource]);
    };
    const before = await read();
    await admin.incrementalAlterConfigs({
      resources: [{ ...resource, configs: [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }] }],
    });
    return [before, await read()];
  });
  await check('admin', 'delete records', async () => {
    const own = await topicOf('records');
    await write(own, some(5));
    return admin.deleteRecords({ topics: [{ name: own, partitions: [{ partition: 0, offset: 3n }] }] });
  });
  await check('admin', 'log directories', async () => {
    const [{ results }] = await admin.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] });
    return results.map(({ topics }) => topics.map(({ name, partitions }) => [name, partitions.length]));
  });
  await check('admin', 'client quotas', () =>
    admin.describeClientQuotas({ components: [{ entityType: 'client-id', matchType: 0, match: run }] }),
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
      const messages = some(10).map((value) => ({ topic, value }));
      const { offsets } = await withProducer({}, (producer) => producer.send({ acks, messages }));
      return [offsets?.map(({ offset, partition }) => [offset, partition]), values(await consumed(topic, 10))];
    });
  }
  await check('produce', 'idempotent', async () => {
    const topic = await topicOf('idempotent');
    return withProducer({ idempotent: true }, async (producer) => {
      const offsets = [];
      for (const value of some(5))
        offsets.push((await producer.send({ messages: [{ topic, value }] })).offsets?.[0].offset);
      return offsets;
    });
  });
  await check('produce', 'too large a record', async () => {
    const topic = await topicOf('large');
    return refusal(() => write(topic, ['x'.repeat(2_000_000)]), errorName);
  });
  await check('produce', 'through a stream', async () => {
    const topic = await topicOf('stream');
    await withProducer({}, async (producer) => {
      const stream = producer.asStream({ batchSize: 4, acks: -1 });
      for (const value of some(10)) stream.write({ topic, value });
      await stream.close();
    });
    return values(await consumed(topic, 10));
  });
}

async function consumeCases(): Promise<void> {
  await check('consume', 'from the beginning, in order', async () => {
    const topic = await topicOf('consume', 3);
    const messages = some(60).map((value, at) => ({ topic, value, partition: at % 3 }));
    await withProducer({}, (producer) => producer.send({ acks: -1, messages }));
    const seen = await consumed(topic, 60);
    return [0, 1, 2].map((wanted) =>
      seen.filter(({ partition }) => partition === wanted).map(({ offset, value }) => `${offset} ${value}`),
    );
  });
  await check('consume', 'from an offset', async () => {
    const topic = await topicOf('seek');
    await write(topic, some(10));
    const mode = MessagesStreamModes.MANUAL;
    return values(await consumed(topic, 3, { mode, offsets: [{ topic, partition: 0, offset: 7n }] }));
  });
}

async function compressionCases(): Promise<void> {
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await check('compression', compression, async () => {
      const topic = await topicOf(compression);
      const sent = some(20, 'compress me '.repeat(50));
      await withProducer({ compression }, (producer) =>
        producer.send({ acks: -1, messages: sent.map((value) => ({ topic, value })) }),
      );
      const seen = values(await consumed(topic, 20));
      return [seen.length, seen.every((value, at) => value === sent[at])];
    });
  }
}

async function groupCases(): Promise<void> {
  for (const groupProtocol of [
    'classic',
    'consumer',
  ] satisfies (typeof GroupProtocols)[keyof typeof GroupProtocols][]) {
    await check('groups', `goes on where it committed, ${groupProtocol}`, async () => {
      const topic = await topicOf('resume');
      const groupId = fresh('group');
      const member = { groupId, groupProtocol };
      const options = { mode: MessagesStreamModes.COMMITTED, fallbackMode: 'earliest' };
      await write(topic, some(3));
      const first = await consumed(topic, 3, options, member);
      await write(topic, some(2, 'later'));
      return [values(first), values(await consumed(topic, 2, options, member))];
    });
  }
  await check('groups', 'two members share', async () => {
    const topic = await topicOf('shared', 4);
    const groupId = fresh('group');
    const members = [newConsumer(groupId), newConsumer(groupId)];
    for (const member of members) (await member.consume({ topics: [topic] })).on('data', () => {});
    const partitions = () =>
      members.map(({ assignments }) => assignments?.flatMap((each) => each.partitions).length ?? 0);
    await until(() => partitions().every((count) => count === 2));
    const group = (await admin.describeGroups({ groups: [groupId] })).get(groupId);
    for (const member of members) await member.close(true);
    return [partitions(), group?.state, group?.protocolType, group?.protocol, group?.members.size];
  });
  await check('groups', 'list and delete groups', async () => {
    const topic = await topicOf('deleted');
    const groupId = fresh('group');
    await write(topic, some(1));
    await consumed(topic, 1, {}, { groupId });
    const before = (await admin.listGroups()).get(groupId);
    await admin.deleteGroups({ groups: [groupId] });
    return [before?.state, before?.protocolType, (await admin.listGroups()).has(groupId)];
  });
}

async function transactionCases(): Promise<void> {
  await check('transactions', 'committed is read, aborted is not', async () => {
    const topic = await topicOf('transactions', 2);
    await withProducer({ idempotent: true, transactionalId: fresh('id') }, async (producer) => {
      for (const [word, end] of [
        ['a', 'commit'],
        ['b', 'abort'],
        ['c', 'commit'],
      ] as const) {
        const transaction = await producer.beginTransaction();
        await transaction.send({
          messages: [0, 1].map((partition) => ({ topic, partition, value: word + partition })),
        });
        await transaction[end]();
      }
    });
    return values(await consumed(topic, 4, { isolationLevel: 1 })).toSorted((a, b) => a.localeCompare(b));
  });
}

async function headerCases(): Promise<void> {
  await check('headers', 'headers and times come back', async () => {
    const topic = await topicOf('headers');
    const headers = new Map([
      ['one', 'a'],
      ['empty', ''],
    ]);
    await withProducer({}, (producer) =>
      producer.send({ acks: -1, messages: [{ topic, value: 'x', timestamp: 1_700_000_000_123n, headers }] }),
    );
    const [message] = await consumed(topic, 1);
    return [[...message.headers], message.timestamp];
  });
}

async function offsetCases(): Promise<void> {
  const topic = await topicOf('offsets', 2);
  const messages = some(10).map((value, at) => ({
    topic,
    value,
    partition: 0,
    timestamp: 1_700_000_000_000n + BigInt(at * 10),
  }));
  await withProducer({}, (producer) => producer.send({ acks: -1, messages }));
  for (const [name, timestamp] of [
    ['first', -2n],
    ['last', -1n],
    ['of the largest time', -3n],
    ['by time', 1_700_000_000_035n],
    ['by a time to come', 4_000_000_000_000n],
  ] as const) {
    await check('offsets', name, async () => {
      const asked = [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp }));
      const [{ partitions }] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] });
      // Kafka answers them in an order that the topic's name decides.
      return partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
    });
  }
  await check('offsets', 'set, listed and deleted', async () => {
    const groupId = fresh('group');
    await admin.alterConsumerGroupOffsets({
      groupId,
      topics: [
        {
          name: topic,
          partitionOffsets: [
            { partition: 0, offset: 4n },
            { partition: 1, offset: 0n },
          ],
        },
      ],
    });
    const before = await admin.listConsumerGroupOffsets({ groups: [groupId] });
    await admin.deleteConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionIndexes: [0] }] });
    return [before, await admin.listConsumerGroupOffsets({ groups: [groupId] })];
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
await admin.close();
process.exit(0);
