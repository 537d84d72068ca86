/** What clients are told of the cluster before all else. Compared with the answers of Apache Kafka 4.3.1. */
import { describe, expect, test } from 'vitest';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { assigned, topic, UNKNOWN_ID } from '../cluster/cluster-fixture.ts';
import { TopicBroker } from './topic-broker.ts';

const named = (...names: string[]) => ({ topics: names.map((name) => ({ name })) });
const byId = (...ids: string[]) => ({ topics: ids.map((topicId) => ({ name: null, topicId })) });
const brief = ({ topics }: { topics: { name: string | null; errorCode: number }[] }) =>
  topics.map(({ name, errorCode }) => [name, errorCode]);

async function withTopics(settings?: Record<string, string>): Promise<TopicBroker> {
  const broker = await TopicBroker.start(settings);
  await broker.create(topic('t', { numPartitions: 2 }), topic('u'));
  return broker;
}

test('all topics are asked for by null, and in v0 by an empty list; otherwise an empty list asks for none', async () => {
  const broker = await withTopics();
  const count = async (version: number, topics: null | []) =>
    (await broker.send(Metadata, version, { topics })).topics.length;
  expect(await count(0, [])).toBe(2);
  expect(await count(1, [])).toBe(0);
  expect(await count(1, null)).toBe(2);
  expect(await count(13, null)).toBe(2);
});

test('an answer has the brokers of the listener asked, the cluster and all of a partition', async () => {
  const broker = await withTopics();
  broker.listener = 'OUTSIDE';
  const topicId = broker.controller.image.topicsByName.get('t')!.id;
  const partition = {
    errorCode: 0,
    leaderId: 1,
    leaderEpoch: 0,
    replicaNodes: [1],
    isrNodes: [1],
    offlineReplicas: [],
  };
  expect(await broker.send(Metadata, 13, named('t'))).toEqual({
    throttleTimeMs: 0,
    errorCode: 0,
    clusterId: 'cluster-of-this-tests',
    controllerId: 1,
    brokers: [{ nodeId: 1, host: 'example.org', port: 19092, rack: 'here' }],
    topics: [
      {
        errorCode: 0,
        name: 't',
        topicId,
        isInternal: false,
        topicAuthorizedOperations: -2147483648,
        partitions: [
          { partitionIndex: 0, ...partition },
          { partitionIndex: 1, ...partition },
        ],
      },
    ],
    clusterAuthorizedOperations: -2147483648,
  });
});

test('who asks is told what may be done: everything, where nothing forbids it', async () => {
  const broker = await withTopics();
  const asked = { ...named('t'), includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true };
  const answer = await broker.send(Metadata, 10, asked);
  expect([answer.topics[0].topicAuthorizedOperations, answer.clusterAuthorizedOperations]).toEqual([3576, 8096]);
});

test('a topic is answered once, however often it is named', async () => {
  const broker = await withTopics();
  expect(brief(await broker.send(Metadata, 12, named('t', 'u', 't')))).toEqual([
    ['t', 0],
    ['u', 0],
  ]);
});

describe('by id', () => {
  test('topics are found from v12 on; names beside ids count for nothing', async () => {
    const broker = await withTopics();
    const { id } = broker.controller.image.topicsByName.get('t')!;
    expect(brief(await broker.send(Metadata, 12, byId(id, UNKNOWN_ID, id)))).toEqual([
      ['t', 0],
      [null, ErrorCode.UNKNOWN_TOPIC_ID],
    ]);
    const mixed = { topics: [{ name: 'u' }, { name: null, topicId: id }] };
    expect(brief(await broker.send(Metadata, 12, mixed))).toEqual([['t', 0]]);
  });

  test('nothing is found before v12: the request is refused', async () => {
    const answer = await (await withTopics()).send(Metadata, 10, byId(UNKNOWN_ID));
    expect(answer).toMatchObject({
      brokers: [],
      topics: [{ name: '', topicId: UNKNOWN_ID, errorCode: ErrorCode.INVALID_REQUEST }],
    });
  });

  test('a topic with neither name nor id refuses the request', async () => {
    const answer = await (await withTopics()).send(Metadata, 12, byId(ZERO_UUID));
    expect(brief(answer)).toEqual([['', ErrorCode.UNKNOWN_SERVER_ERROR]]);
  });
});

describe('a missing topic', () => {
  test('is created and answered with its leaders at once', async () => {
    const broker = await TopicBroker.start({ 'num.partitions': '3' });
    const {
      topics: [created],
    } = await broker.send(Metadata, 12, named('new'));
    expect(created).toMatchObject({
      errorCode: 0,
      name: 'new',
      topicId: broker.controller.image.topicsByName.get('new')!.id,
    });
    expect(created.partitions.map(({ leaderId }) => leaderId)).toEqual([1, 1, 1]);
  });

  test.each([0, 3, 4])('is created in v%i unless the client objects, which it can from v4 on', async (version) => {
    const broker = await TopicBroker.start();
    expect(brief(await broker.send(Metadata, version, named('new')))).toEqual([['new', 0]]);
  });

  test.each<[string, Record<string, string>, object]>([
    ['the client does not want it', {}, { allowAutoTopicCreation: false }],
    ['the broker does not', { 'auto.create.topics.enable': 'false' }, {}],
  ])('stays missing when %s', async (_who, settings, request) => {
    const broker = await TopicBroker.start(settings);
    expect(brief(await broker.send(Metadata, 12, { ...named('new'), ...request }))).toEqual([
      ['new', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ]);
    expect(broker.controller.image.topicsByName.size).toBe(0);
  });

  test('is not created under a name that no topic may have', async () => {
    const broker = await TopicBroker.start();
    for (const allowAutoTopicCreation of [true, false]) {
      const answer = await broker.send(Metadata, 12, {
        ...named('a b', '', '..', 'x'.repeat(250)),
        allowAutoTopicCreation,
      });
      expect(answer.topics.map(({ errorCode }) => errorCode)).toEqual(Array(4).fill(ErrorCode.INVALID_TOPIC_EXCEPTION));
    }
    expect(broker.controller.image.topicsByName.size).toBe(0);
  });

  test('that cannot be created stays missing, and the log says why', async () => {
    const broker = await TopicBroker.start({ 'default.replication.factor': '3' });
    expect(brief(await broker.send(Metadata, 12, named('new')))).toEqual([
      ['new', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ]);
    expect(broker.logged).toEqual(['topic-not-created']);
  });

  test('of the internal ones is made as its coordinator needs it', async () => {
    const broker = await TopicBroker.start({ 'offsets.topic.num.partitions': '4' });
    const {
      topics: [offsets],
    } = await broker.send(Metadata, 12, named('__consumer_offsets'));
    expect(offsets).toMatchObject({ errorCode: 0, isInternal: true });
    expect(offsets.partitions).toHaveLength(4);
  });

  test('that two requests name at once is created once', async () => {
    const broker = await TopicBroker.start();
    const answers = await Promise.all([
      broker.send(Metadata, 12, named('new')),
      broker.send(Metadata, 12, named('new')),
    ]);
    expect(answers.map(brief)).toEqual([[['new', 0]], [['new', 0]]]);
    expect(broker.logged).toEqual([]);
  });
});

describe('a partition whose leader', () => {
  async function withSecondBroker(
    change: { fenced?: boolean; listeners?: [] },
    replicas = [2, 1],
  ): Promise<TopicBroker> {
    const broker = await TopicBroker.start();
    await broker.register({ id: 2 });
    await broker.create(topic('t', assigned(replicas)));
    const { image } = broker.controller;
    const second = { ...image.brokers.get(2)!, ...change };
    Object.defineProperty(broker.controller, 'image', {
      value: { ...image, brokers: new Map([...image.brokers, [2, second]]) },
    });
    return broker;
  }

  test('is down has none that a client could ask', async () => {
    const broker = await withSecondBroker({ fenced: true });
    const { brokers, topics } = await broker.send(Metadata, 12, named('t'));
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([1]);
    expect(topics[0].partitions[0]).toMatchObject({
      errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
      leaderId: -1,
      replicaNodes: [2, 1],
      offlineReplicas: [2],
    });
  });

  test('is not to be reached by this listener is an error that clients know from v6 on', async () => {
    const broker = await withSecondBroker({ listeners: [] });
    const codeIn = async (version: number) =>
      (await broker.send(Metadata, version, named('t'))).topics[0].partitions[0].errorCode;
    expect(await codeIn(5)).toBe(ErrorCode.LEADER_NOT_AVAILABLE);
    expect(await codeIn(6)).toBe(ErrorCode.LISTENER_NOT_FOUND);
  });

  test('is told in v0 without the replicas that are away, and with an error where it leads nevertheless', async () => {
    const seen = async (version: number, replicas: number[]) => {
      const broker = await withSecondBroker({ fenced: true }, replicas);
      const { errorCode, leaderId, replicaNodes, isrNodes } = (await broker.send(Metadata, version, named('t')))
        .topics[0].partitions[0];
      return { errorCode, leaderId, replicaNodes, isrNodes };
    };
    const away = { replicaNodes: [1], isrNodes: [1] };
    expect(await seen(0, [1, 2])).toEqual({ errorCode: ErrorCode.REPLICA_NOT_AVAILABLE, leaderId: 1, ...away });
    expect(await seen(0, [2, 1])).toEqual({ errorCode: ErrorCode.LEADER_NOT_AVAILABLE, leaderId: -1, ...away });
    expect((await seen(1, [1, 2])).errorCode).toBe(ErrorCode.NONE);
  });
});
