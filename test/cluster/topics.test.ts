/** Which topics can be created, deleted and enlarged. The codes were asked of Apache Kafka 4.3.1. */
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { MorePartitions } from '../../src/cluster/create-partitions.ts';
import type { NewTopic } from '../../src/cluster/create-topics.ts';
import type { TopicToDelete } from '../../src/cluster/delete-topics.ts';
import { emptyImage } from '../../src/cluster/image.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { assigned, Cluster, configs, topic, UNKNOWN_ID } from './cluster-fixture.ts';

async function cluster(settings?: Record<string, string>): Promise<Cluster> {
  const made = await Cluster.registered(settings);
  await made.create(topic('there'), topic('a.b'));
  return made;
}

describe('a topic is not created', () => {
  const refused: readonly [string, NewTopic, keyof typeof ErrorCode][] = [
    ['without a name', topic(''), 'INVALID_TOPIC_EXCEPTION'],
    ["as '.'", topic('.'), 'INVALID_TOPIC_EXCEPTION'],
    ["as '..'", topic('..'), 'INVALID_TOPIC_EXCEPTION'],
    ['with a space in its name', topic('a b'), 'INVALID_TOPIC_EXCEPTION'],
    ['with a letter beyond ASCII', topic('é'), 'INVALID_TOPIC_EXCEPTION'],
    ['with a line break at its end', topic('a\n'), 'INVALID_TOPIC_EXCEPTION'],
    ['with a name of 250 characters', topic('x'.repeat(250)), 'INVALID_TOPIC_EXCEPTION'],
    ['where another differs only by . and _', topic('a_b'), 'INVALID_TOPIC_EXCEPTION'],
    ["under the metadata log's name", topic('__cluster_metadata'), 'INVALID_REQUEST'],
    ['twice', topic('there'), 'TOPIC_ALREADY_EXISTS'],
    ['twice, whatever its settings', topic('there', configs({ nonsense: '1' })), 'TOPIC_ALREADY_EXISTS'],
    ['with no partitions', topic('t', { numPartitions: 0 }), 'INVALID_PARTITIONS'],
    ['with -2 partitions', topic('t', { numPartitions: -2 }), 'INVALID_PARTITIONS'],
    ['with 10,001 partitions', topic('t', { numPartitions: 10_001 }), 'POLICY_VIOLATION'],
    ['with no replicas', topic('t', { replicationFactor: 0 }), 'INVALID_REPLICATION_FACTOR'],
    ['with -2 replicas', topic('t', { replicationFactor: -2 }), 'INVALID_REPLICATION_FACTOR'],
    ['with more replicas than brokers', topic('t', { replicationFactor: 2 }), 'INVALID_REPLICATION_FACTOR'],
    ['with a setting that does not exist', topic('t', configs({ nonsense: '1' })), 'INVALID_CONFIG'],
    ['with a setting that cannot be', topic('t', configs({ 'retention.ms': 'soon' })), 'INVALID_CONFIG'],
    ['with a setting of null', topic('t', configs({ 'retention.ms': null })), 'INVALID_CONFIG'],
    [
      'with both wrong, the setting first',
      topic('t', { replicationFactor: 9, ...configs({ nonsense: '1' }) }),
      'INVALID_CONFIG',
    ],
    ['by hand and by factor', topic('t', { ...assigned([1]), replicationFactor: 1 }), 'INVALID_REQUEST'],
    ['by hand and by number', topic('t', { ...assigned([1]), numPartitions: 1 }), 'INVALID_REQUEST'],
    ['on a broker that does not exist', topic('t', assigned([7])), 'INVALID_REPLICA_ASSIGNMENT'],
    ['on no broker', topic('t', assigned([])), 'INVALID_REPLICA_ASSIGNMENT'],
    ['on one broker twice', topic('t', assigned([1, 1])), 'INVALID_REPLICA_ASSIGNMENT'],
    [
      'with a partition left out',
      topic('t', {
        ...assigned([1]),
        assignments: [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 2, brokerIds: [1] },
        ],
      }),
      'INVALID_REPLICA_ASSIGNMENT',
    ],
    [
      'with a partition below 0',
      topic('t', {
        ...assigned([1]),
        assignments: [{ partitionIndex: -1, brokerIds: [1] }],
      }),
      'INVALID_REPLICA_ASSIGNMENT',
    ],
    [
      'with a partition assigned twice',
      topic('t', {
        ...assigned([1]),
        assignments: [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 0, brokerIds: [1] },
        ],
      }),
      'INVALID_REPLICA_ASSIGNMENT',
    ],
  ];
  test.each(refused)('%s', async (_how, asked, code) => {
    const { controller } = await cluster();
    const before = controller.image;
    const [result] = await controller.createTopics([asked], { validateOnly: false });
    expect(result).toMatchObject({
      name: asked.name,
      errorCode: ErrorCode[code],
      errorMessage: expect.stringMatching(/./),
    });
    expect(controller.image).toBe(before);
  });

  test('when its partitions have different numbers of replicas', async () => {
    const made = await cluster();
    await made.register({ id: 2 });
    const results = await made.controller.createTopics([topic('t', assigned([1, 2], [1]))], { validateOnly: false });
    expect(results[0].errorCode).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
  });
});

test('of several topics those that can be are created, and each gets its own answer in the order asked', async () => {
  const made = await cluster();
  expect(await made.create(topic('one'), topic('there'), topic('two'), topic('b', { replicationFactor: 5 }))).toEqual([
    ErrorCode.NONE,
    ErrorCode.TOPIC_ALREADY_EXISTS,
    ErrorCode.NONE,
    ErrorCode.INVALID_REPLICATION_FACTOR,
  ]);
  expect([...made.controller.image.topicsByName.keys()]).toEqual(['there', 'a.b', 'one', 'two']);
});

test('a topic asked for twice is not created, and answered once', async () => {
  const made = await cluster();
  expect(await made.create(topic('t'), topic('t', { numPartitions: 3 }), topic('u'))).toEqual([
    ErrorCode.INVALID_REQUEST,
    ErrorCode.NONE,
  ]);
});

test('10,000 partitions are the most of one request, over all its topics', async () => {
  const { controller } = await cluster({ 'num.partitions': '6000' });
  const most = [topic('t', { numPartitions: 4000 }), topic('u', { numPartitions: -1 })];
  const codes = async (topics: NewTopic[]) =>
    (await controller.createTopics(topics, { validateOnly: true })).map(({ errorCode }) => errorCode);
  expect(await codes(most)).toEqual([ErrorCode.NONE, ErrorCode.NONE]);
  const tooMany = ErrorCode.POLICY_VIOLATION;
  expect(await codes([...most, topic('v')])).toEqual([tooMany, tooMany, tooMany]);
});

test('what a request leaves open is taken from the configuration', async () => {
  const { controller } = await cluster({ 'num.partitions': '4' });
  const [result] = await controller.createTopics([topic('t', { numPartitions: -1, replicationFactor: -1 })], {
    validateOnly: false,
  });
  expect(result).toMatchObject({ errorCode: 0, numPartitions: 4, replicationFactor: 1 });
});

test('a default factor beyond the brokers there are is an error, as a given one is', async () => {
  const made = await cluster({ 'default.replication.factor': '3' });
  expect(await made.create(topic('t', { replicationFactor: -1 }))).toEqual([ErrorCode.INVALID_REPLICATION_FACTOR]);
});

test('only validating changes nothing', async () => {
  const { controller } = await cluster();
  const before = controller.image;
  const [result] = await controller.createTopics([topic('t', { numPartitions: 2 })], { validateOnly: true });
  expect(result).toMatchObject({ errorCode: 0, numPartitions: 2 });
  await controller.createPartitions([more('there', 5)], { validateOnly: true });
  expect(controller.image).toBe(before);
});

test('a setting given twice is what it was given last', async () => {
  const { controller } = await cluster();
  const twice = {
    configs: [
      { name: 'retention.ms', value: '1' },
      { name: 'retention.ms', value: '2' },
    ],
  };
  const [result] = await controller.createTopics([topic('t', twice)], { validateOnly: false });
  expect(result).toMatchObject({ configs: new Map([['retention.ms', '2']]) });
});

test('a new partition is led by its first replica, which is in sync with itself', async () => {
  const made = await cluster();
  await made.create(topic('t', { numPartitions: 2 }));
  expect(made.controller.image.topicsByName.get('t')?.partitions).toMatchObject([
    { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1], isr: [1] },
    { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1], isr: [1] },
  ]);
});

test('names of topics that are created together may collide, as in Kafka', async () => {
  expect(await (await cluster()).create(topic('x.y'), topic('x_y'))).toEqual([ErrorCode.NONE, ErrorCode.NONE]);
});

function byName(name: string): TopicToDelete {
  return { name, topicId: ZERO_UUID };
}

function byId(topicId: string): TopicToDelete {
  return { name: null, topicId };
}

test('a topic is deleted by its name or its id, and answered with both', async () => {
  const { controller } = await cluster();
  const [there, dotted] = ['there', 'a.b'].map((name) => controller.image.topicsByName.get(name)!.id);
  expect(await controller.deleteTopics([byName('there'), byId(dotted)])).toEqual([
    { name: 'there', topicId: there, errorCode: 0, errorMessage: null },
    { name: 'a.b', topicId: dotted, errorCode: 0, errorMessage: null },
  ]);
  expect(controller.image.topicsByName.size).toBe(0);
});

test('a deleted name is free at once, under another id', async () => {
  const made = await cluster();
  const old = made.controller.image.topicsByName.get('there')!.id;
  await made.controller.deleteTopics([byName('there')]);
  expect(await made.create(topic('there'))).toEqual([ErrorCode.NONE]);
  expect(made.controller.image.topicsByName.get('there')!.id).not.toBe(old);
});

describe('a deletion is refused', () => {
  const refused: readonly [string, TopicToDelete[], (keyof typeof ErrorCode)[]][] = [
    ['for a name nobody has', [byName('nope')], ['UNKNOWN_TOPIC_OR_PARTITION']],
    [
      'for a name nobody may have',
      [byName('a b'), byName('')],
      ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ],
    ['for an id nobody has', [byId(UNKNOWN_ID)], ['UNKNOWN_TOPIC_ID']],
    ['for neither name nor id', [byId(ZERO_UUID)], ['INVALID_REQUEST']],
    ['for both at once', [{ name: 'there', topicId: UNKNOWN_ID }], ['INVALID_REQUEST']],
    ['for one name twice, once', [byName('there'), byName('there')], ['INVALID_REQUEST']],
    ['for one unknown name twice, once', [byName('zz'), byName('zz')], ['INVALID_REQUEST']],
    ['for one unknown id twice, once', [byId(UNKNOWN_ID), byId(UNKNOWN_ID)], ['INVALID_REQUEST']],
  ];
  test.each(refused)('%s', async (_why, topics, codes) => {
    const { controller } = await cluster();
    const before = controller.image;
    const results = await controller.deleteTopics(topics);
    expect(results.map(({ errorCode }) => errorCode)).toEqual(codes.map((name) => ErrorCode[name]));
    expect(controller.image).toBe(before);
  });

  test.each(['name first', 'id first'])('for one topic by name and by id, once (%s)', async (order) => {
    const { controller } = await cluster();
    const { id } = controller.image.topicsByName.get('there')!;
    const topics = order === 'name first' ? [byName('there'), byId(id)] : [byId(id), byName('there')];
    expect(await controller.deleteTopics(topics)).toMatchObject([
      { name: 'there', topicId: id, errorCode: ErrorCode.INVALID_REQUEST },
    ]);
    expect(controller.image.topicsByName.has('there')).toBe(true);
  });
});

function more(name: string, count: number, replicas: number[][] | null = null): MorePartitions {
  return { name, count, assignments: replicas === null ? null : replicas.map((brokerIds) => ({ brokerIds })) };
}

test('a topic gets more partitions behind those it has', async () => {
  const { controller } = await cluster();
  const old = controller.image.topicsByName.get('there')!.partitions[0];
  expect(await controller.createPartitions([more('there', 3), more('a.b', 2, [[1]])], { validateOnly: false })).toEqual(
    [
      { name: 'there', errorCode: 0, errorMessage: null },
      { name: 'a.b', errorCode: 0, errorMessage: null },
    ],
  );
  const { partitions } = controller.image.topicsByName.get('there')!;
  expect(partitions).toHaveLength(3);
  expect(partitions[0]).toBe(old);
});

describe('a topic gets no more partitions', () => {
  const refused: readonly [string, MorePartitions[], (keyof typeof ErrorCode)[]][] = [
    ['when it does not exist', [more('nope', 2)], ['UNKNOWN_TOPIC_OR_PARTITION']],
    ['when it has as many', [more('there', 1)], ['INVALID_PARTITIONS']],
    ['when it has more', [more('there', 0), more('a.b', -3)], ['INVALID_PARTITIONS', 'INVALID_PARTITIONS']],
    ['when it is asked for twice, once', [more('there', 2), more('there', 3)], ['INVALID_REQUEST']],
    ['when 10,001 are too many', [more('there', 10_002)], ['POLICY_VIOLATION']],
    [
      'when all together are too many',
      [more('there', 6001), more('a.b', 6002), more('nope', 2)],
      ['POLICY_VIOLATION', 'POLICY_VIOLATION', 'POLICY_VIOLATION'],
    ],
    ['with too few assignments', [more('there', 3, [[1]])], ['INVALID_REPLICA_ASSIGNMENT']],
    ['with too many assignments', [more('there', 2, [[1], [1]])], ['INVALID_REPLICA_ASSIGNMENT']],
    ['on a broker that does not exist', [more('there', 2, [[7]])], ['INVALID_REPLICA_ASSIGNMENT']],
    ['on no broker', [more('there', 2, [[]])], ['INVALID_REPLICA_ASSIGNMENT']],
  ];
  test.each(refused)('%s', async (_why, topics, codes) => {
    const { controller } = await cluster();
    const before = controller.image;
    const results = await controller.createPartitions(topics, { validateOnly: false });
    expect(results.map(({ errorCode }) => errorCode)).toEqual(codes.map((name) => ErrorCode[name]));
    expect(controller.image).toBe(before);
  });
});

test('an image without brokers places nothing', async () => {
  const { controller } = await Cluster.open();
  expect(controller.image).toEqual(replay(emptyImage('cluster-of-this-tests'), [], -1));
  const [result] = await controller.createTopics([topic('t')], { validateOnly: false });
  expect(result.errorCode).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
});
