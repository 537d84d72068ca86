/** What clients are told of topics and brokers. Compared with the answers of Apache Kafka 4.3.1. */
import { describe, expect, test } from 'vitest';
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { DescribeTopicPartitions } from '../../protocol/apis/75-describe-topic-partitions.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { assigned, configs, topic, UNKNOWN_ID } from '../cluster/cluster-fixture.ts';
import { handlers, serve, TopicBroker } from './topic-broker.ts';

/** A request that every version can say. */
const REQUESTS: Record<string, Record<string, unknown>> = {
  Metadata: { topics: [{ name: 't' }] },
  CreateTopics: { topics: [topic('t')] },
  DeleteTopics: { topics: [{ name: 't', topicId: ZERO_UUID }], topicNames: ['t'], timeoutMs: 1 },
  CreatePartitions: { topics: [{ name: 't', count: 2, assignments: null }], timeoutMs: 1, validateOnly: false },
  DescribeCluster: { includeClusterAuthorizedOperations: false },
  DescribeTopicPartitions: { topics: [{ name: 't' }] },
};

for (const { api, versions } of handlers) {
  test(`${api.name} answers in each of its versions`, async () => {
    for (let version = versions.first; version <= versions.last; version++) {
      const answer = await (await TopicBroker.start()).send(api, version, REQUESTS[api.name]);
      expect(JSON.stringify(answer)).not.toContain('"errorCode":-1');
    }
  });

  test(`a bug in ${api.name} costs an answer, in each of its versions`, async () => {
    const config = api.name === 'DeleteTopics' ? { 'delete.topic.enable': true } : {};
    const broken = { logger: silentLogger, config } as BrokerParts;
    for (let version = versions.first; version <= versions.last; version++) {
      expect(JSON.stringify(await serve(api, version, REQUESTS[api.name], broken))).toContain('"errorCode":-1');
    }
  });
}

describe('CreateTopics', () => {
  test('from v5 on says what became of the configuration', async () => {
    const broker = await TopicBroker.start({ 'log.retention.ms': '7200000' });
    const request = { topics: [topic('t', { numPartitions: 3, ...configs({ 'max.message.bytes': '77' }) })] };
    const {
      topics: [old],
    } = await broker.send(CreateTopics, 4, { ...request, validateOnly: true });
    expect(old).toMatchObject({ errorCode: 0, numPartitions: -1, configs: [] });
    const {
      topics: [created],
    } = await broker.send(CreateTopics, 7, request);
    expect(created).toMatchObject({
      name: 't',
      topicId: broker.controller.image.topicsByName.get('t')!.id,
      errorCode: 0,
      errorMessage: null,
      topicConfigErrorCode: 0,
      numPartitions: 3,
      replicationFactor: 1,
    });
    expect(created.configs).toHaveLength(37);
    const row = (name: string) => created.configs!.find((config) => config.name === name);
    expect(row('max.message.bytes')).toEqual({
      name: 'max.message.bytes',
      value: '77',
      readOnly: false,
      configSource: 1,
      isSensitive: false,
    });
    expect(row('retention.ms')).toMatchObject({ value: '7200000', configSource: 4 });
    expect(row('segment.ms')).toMatchObject({ value: '604800000', configSource: 5 });
  });

  test('says why a topic was not created, and no more', async () => {
    const { topics } = await (
      await TopicBroker.start()
    ).send(CreateTopics, 7, {
      topics: [topic('a b'), topic('ok', assigned([1]))],
    });
    expect(topics).toMatchObject([
      { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, topicId: ZERO_UUID, numPartitions: -1, configs: [] },
      { errorCode: ErrorCode.NONE, numPartitions: 1 },
    ]);
    expect(topics[0].errorMessage).toContain("'a b'");
  });
});

describe('DeleteTopics', () => {
  test('takes names before v6, names and ids from then on', async () => {
    const broker = await TopicBroker.start();
    await broker.create(topic('one'), topic('two'), topic('three'));
    const { id } = broker.controller.image.topicsByName.get('three')!;
    const old = await broker.send(DeleteTopics, 5, { topicNames: ['one', 'nope'], timeoutMs: 1 });
    expect(old.responses).toMatchObject([
      { name: 'one', errorCode: 0 },
      { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ]);
    const topics = [
      { name: 'two', topicId: ZERO_UUID },
      { name: null, topicId: id },
      { name: null, topicId: UNKNOWN_ID },
    ];
    const { responses } = await broker.send(DeleteTopics, 6, { topics, timeoutMs: 1 });
    expect(responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['two', 0],
      ['three', 0],
      [null, ErrorCode.UNKNOWN_TOPIC_ID],
    ]);
    expect(broker.controller.image.topicsByName.size).toBe(0);
  });

  test('deletes nothing where that is switched off', async () => {
    const broker = await TopicBroker.start({ 'delete.topic.enable': 'false' });
    await broker.create(topic('t'));
    for (const [version, code] of [
      [1, ErrorCode.INVALID_REQUEST],
      [5, ErrorCode.TOPIC_DELETION_DISABLED],
    ] as const) {
      const { responses } = await broker.send(DeleteTopics, version, { topicNames: ['t'], timeoutMs: 1 });
      expect(responses).toMatchObject([{ name: 't', errorCode: code }]);
    }
    expect(broker.controller.image.topicsByName.has('t')).toBe(true);
  });
});

test('CreatePartitions answers for each topic', async () => {
  const broker = await TopicBroker.start();
  await broker.create(topic('t'));
  const { results } = await broker.send(CreatePartitions, 3, {
    topics: [
      { name: 't', count: 4, assignments: null },
      { name: 'nope', count: 4, assignments: null },
    ],
    timeoutMs: 1,
    validateOnly: false,
  });
  expect(results.map(({ errorCode }) => errorCode)).toEqual([0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
  expect(broker.controller.image.topicsByName.get('t')!.partitions).toHaveLength(4);
});

describe('DescribeCluster', () => {
  const request = { includeClusterAuthorizedOperations: true };

  test('names the brokers under the listener the client came through', async () => {
    const broker = await TopicBroker.start();
    broker.listener = 'OUTSIDE';
    expect(await broker.send(DescribeCluster, 2, request)).toMatchObject({
      errorCode: 0,
      endpointType: 1,
      clusterId: 'cluster-of-this-tests',
      controllerId: 1,
      clusterAuthorizedOperations: 8096,
      brokers: [{ brokerId: 1, host: 'example.org', port: 19092, rack: 'here', isFenced: false }],
    });
  });

  test('shows fenced brokers to those who ask for them', async () => {
    const broker = await TopicBroker.start();
    const { controller } = broker;
    const { image } = controller;
    const fenced = {
      ...image,
      brokers: new Map([...image.brokers, [2, { ...image.brokers.get(1)!, id: 2, fenced: true }]]),
    };
    Object.defineProperty(controller, 'image', { value: fenced });
    const ids = async (includeFencedBrokers: boolean) =>
      (await broker.send(DescribeCluster, 2, { ...request, includeFencedBrokers })).brokers.map(
        ({ brokerId, isFenced }) => [brokerId, isFenced],
      );
    expect(await ids(false)).toEqual([[1, false]]);
    expect(await ids(true)).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  test('knows no controllers, and no other kinds', async () => {
    const codes = await Promise.all(
      [2, 3].map(
        async (endpointType) =>
          (await (await TopicBroker.start()).send(DescribeCluster, 2, { ...request, endpointType })).errorCode,
      ),
    );
    expect(codes).toEqual([ErrorCode.MISMATCHED_ENDPOINT_TYPE, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE]);
  });
});

describe('DescribeTopicPartitions', () => {
  type Request = Parameters<typeof TopicBroker.prototype.send<typeof DescribeTopicPartitions.request.fields, never>>[2];

  /** Pages as 'topic[partitions]' with an error code where there is one, and the cursor behind '->'. */
  async function page(request: Partial<Request>): Promise<string> {
    const broker = await TopicBroker.start();
    await broker.create(topic('b', { numPartitions: 3 }), topic('c'), topic('a'));
    const { topics, nextCursor } = await broker.send(DescribeTopicPartitions, 0, { topics: [], ...request });
    const shown = topics.map(
      ({ name, errorCode, partitions }) =>
        `${name}[${partitions.map(({ partitionIndex }) => partitionIndex).join()}]${errorCode || ''}`,
    );
    return [...shown, ...(nextCursor === null ? [] : [`-> ${nextCursor.topicName} ${nextCursor.partitionIndex}`])].join(
      ' ',
    );
  }
  const names = (...all: string[]) => all.map((name) => ({ name }));
  const at = (topicName: string, partitionIndex: number) => ({ cursor: { topicName, partitionIndex } });

  test.each<[string, Partial<Request>, string]>([
    ['all topics, by name', {}, 'a[0] b[0,1,2] c[0]'],
    ['those asked for, by name and once', { topics: names('c', 'a', 'c') }, 'a[0] c[0]'],
    ['a page that ends within a topic', { responsePartitionLimit: 3 }, 'a[0] b[0,1] -> b 2'],
    ['the page behind it', { responsePartitionLimit: 3, ...at('b', 2) }, 'b[2] c[0]'],
    ['a page that ends with a topic', { responsePartitionLimit: 4 }, 'a[0] b[0,1,2] -> c 0'],
    ['a limit below one', { responsePartitionLimit: -1 }, 'a[0] -> b 0'],
    ['a cursor behind the last partition', at('b', 9), 'b[] c[0]'],
    ['a cursor at a topic that is gone, among all', at('bb', 1), 'c[0]'],
    ['a cursor at a topic that is gone, among those named', { topics: names('bb', 'c'), ...at('bb', 1) }, 'bb[]3 c[0]'],
    ['a cursor at a topic nobody asked for', { topics: names('c'), ...at('b', 1) }, 'c[]42'],
    ['a cursor below 0', { topics: names('b'), ...at('b', -1) }, 'b[]42'],
    ['topics that do not exist', { topics: names('zz', 'a', 'a b') }, 'a[0] a b[]17 zz[]3'],
  ])('%s', async (_what, request, shown) => {
    expect(await page(request)).toBe(shown);
  });

  test('no page is longer than max.request.partition.size.limit', async () => {
    const broker = await TopicBroker.start({ 'max.request.partition.size.limit': '2' });
    await broker.create(topic('t', { numPartitions: 5 }));
    const { topics, nextCursor } = await broker.send(DescribeTopicPartitions, 0, { topics: [] });
    expect([topics[0].partitions.length, nextCursor?.partitionIndex]).toEqual([2, 2]);
  });

  test('a partition is shown with all its replicas', async () => {
    const broker = await TopicBroker.start();
    await broker.create(topic('t'));
    const {
      topics: [shown],
    } = await broker.send(DescribeTopicPartitions, 0, { topics: [{ name: 't' }] });
    expect(shown).toMatchObject({
      topicId: broker.controller.image.topicsByName.get('t')!.id,
      isInternal: false,
      topicAuthorizedOperations: 3576,
      partitions: [
        {
          errorCode: 0,
          partitionIndex: 0,
          leaderId: 1,
          leaderEpoch: 0,
          replicaNodes: [1],
          isrNodes: [1],
          eligibleLeaderReplicas: [],
          lastKnownElr: [],
          offlineReplicas: [],
        },
      ],
    });
  });
});
