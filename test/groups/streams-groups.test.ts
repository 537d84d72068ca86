/** Streams groups (KIP-1071) through the bytes of their requests. */
import { expect, test } from 'vitest';
import {
  ConsumerGroupHeartbeat,
  DeleteGroups,
  JoinGroup,
  ListGroups,
  OffsetCommit,
  OffsetFetch,
  StreamsGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { GroupBroker, TOPIC_ID } from './group-broker.ts';
import {
  active,
  beat,
  describeGroup,
  info,
  NO_TASKS,
  ONE,
  subtopology,
  type Subtopology,
  type Topology,
} from './streams-talk.ts';

const tasksOf = ({ activeTasks, standbyTasks, warmupTasks }: Awaited<ReturnType<typeof beat>>) => ({
  activeTasks,
  standbyTasks,
  warmupTasks,
});

test('a member that joins is given all tasks of its topology, and told so once', async () => {
  const broker = new GroupBroker().start();
  const joined = await beat(broker, 'a', 0);
  expect(joined).toMatchObject({ errorCode: 0, memberId: 'a', memberEpoch: 2, heartbeatIntervalMs: 5000, status: [] });
  expect(joined).toMatchObject({ taskOffsetIntervalMs: 60_000, acceptableRecoveryLag: 10_000, ...active(0, 1) });
  const next = await beat(broker, 'a', 2);
  expect(next).toMatchObject({ errorCode: 0, memberEpoch: 2, activeTasks: null, standbyTasks: null });
  expect(await describeGroup(broker)).toMatchObject({
    groupState: 'Stable',
    groupEpoch: 2,
    assignmentEpoch: 2,
    assignorName: 'sticky',
    topology: { epoch: 0, subtopologies: [{ subtopologyId: '0', sourceTopics: ['t1'] }] },
    members: [{ memberId: 'a', processId: 'process of a', topologyEpoch: 0, assignment: active(0, 1) }],
  });
  const { groups } = await broker.send(ListGroups, 5, { statesFilter: [], typesFilter: ['streams'] });
  expect(groups).toMatchObject([{ groupId: 'g', protocolType: 'streams', groupType: 'streams', groupState: 'Stable' }]);
});

test('a second member gets a task once the first has given it up', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const joined = await beat(broker, 'b', 0);
  expect(joined).toMatchObject({ memberEpoch: 3, ...NO_TASKS });
  const told = await beat(broker, 'a', 2, active(0, 1));
  expect(told).toMatchObject({ memberEpoch: 2, ...active(0) });
  expect((await describeGroup(broker)).groupState).toBe('Reconciling');
  expect(await beat(broker, 'b', 3, NO_TASKS)).toMatchObject({ memberEpoch: 3, activeTasks: null });
  expect(await beat(broker, 'a', 2, active(0))).toMatchObject({ memberEpoch: 3 });
  expect(await beat(broker, 'b', 3, NO_TASKS)).toMatchObject({ memberEpoch: 3, ...active(1) });
  expect((await describeGroup(broker)).groupState).toBe('Stable');
});

test('who does not give tasks up within its rebalance time-out is taken out', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  await beat(broker, 'b', 0);
  await beat(broker, 'a', 2, active(0, 1));
  await broker.clock.advance(29_000);
  await beat(broker, 'a', 2, active(0, 1));
  expect((await describeGroup(broker)).members).toHaveLength(2);
  await broker.clock.advance(1000);
  expect((await describeGroup(broker)).members).toMatchObject([{ memberId: 'b' }]);
  expect(await beat(broker, 'b', 3, NO_TASKS)).toMatchObject({ memberEpoch: 4, ...active(0, 1) });
});

test('a member that is silent, leaves, or whose connection closes is taken out', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  await broker.clock.advance(45_000);
  expect((await describeGroup(broker)).groupState).toBe('Empty');
  const { memberEpoch } = await beat(broker, 'b', 0);
  expect(await beat(broker, 'b', -1)).toMatchObject({ errorCode: 0, memberId: 'b', memberEpoch: -1 });
  expect(await beat(broker, 'b', memberEpoch)).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
  await beat(broker, 'c', 0, {}, 7);
  broker.groups.connectionClosed(7, true);
  expect((await describeGroup(broker)).members).toEqual([]);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('the internal topics of a topology are made, and its tasks given out with the next heartbeat', async () => {
  const broker = new GroupBroker().start();
  const topology: Topology = {
    epoch: 0,
    subtopologies: [
      subtopology('0', { sourceTopics: ['t1'], repartitionSinkTopics: ['re'] }),
      subtopology('1', {
        repartitionSourceTopics: [info('re')],
        stateChangelogTopics: [info('log')],
      }),
    ],
  };
  const joined = await beat(broker, 'a', 0, { topology });
  expect(joined).toMatchObject({ memberEpoch: 2, ...NO_TASKS });
  expect(joined.status).toEqual([{ statusCode: 3, statusDetail: 'Internal topics are missing: log, re' }]);
  const count = (name: string) => broker.image.topicsByName.get(name)?.partitions.length;
  expect([count('re'), count('log')]).toEqual([2, 2]);
  expect(await beat(broker, 'a', 2, NO_TASKS)).toMatchObject({
    memberEpoch: 3,
    status: [],
    activeTasks: [
      { subtopologyId: '0', partitions: [0, 1] },
      { subtopologyId: '1', partitions: [0, 1] },
    ],
  });
});

test('topics that are being made are asked for once, and again where they were not made', async () => {
  const broker = new GroupBroker().start();
  let fail = (): void => {};
  broker.mayCreate = new Promise((_, reject) => (fail = () => reject(new Error('the test has this fail'))));
  const topology = {
    epoch: 0,
    subtopologies: [subtopology('0', { sourceTopics: ['t1'], stateChangelogTopics: [info('log')] })],
  };
  await beat(broker, 'a', 0, { topology });
  await beat(broker, 'b', 0, { topology });
  expect(broker.asked).toEqual([['log']]);
  fail();
  await broker.mayCreate.catch(() => {});
  broker.mayCreate = Promise.resolve();
  await beat(broker, 'a', 2, NO_TASKS);
  expect(broker.asked).toEqual([['log'], ['log']]);
});

test.each<[string, Partial<Subtopology>, number, string]>([
  ['a source topic is missing', { sourceTopics: ['t1', 'gone'] }, 1, 'Source topics gone are missing.'],
  [
    'topics that are read together differ',
    {
      sourceTopics: ['t1', 'three'],
      copartitionGroups: [{ sourceTopics: [0, 1], sourceTopicRegex: [], repartitionSourceTopics: [] }],
    },
    2,
    'Following topics do not have the same number of partitions: [t1, three]',
  ],
  [
    'an internal topic is there with other partitions',
    { sourceTopics: ['t1'], stateChangelogTopics: [info('three')] },
    2,
    'Existing topic three has different number of partitions: expected 2, found 3',
  ],
])('the group is not ready where %s', async (_why, differing, statusCode, statusDetail) => {
  const broker = new GroupBroker().start();
  broker.setTopic('three', 3);
  const topology = { epoch: 0, subtopologies: [subtopology('0', differing)] };
  const joined = await beat(broker, 'a', 0, { topology });
  expect(joined).toMatchObject({ errorCode: 0, ...NO_TASKS, status: [{ statusCode, statusDetail }] });
  expect((await describeGroup(broker)).groupState).toBe('NotReady');
});

test.each<[string, Partial<Subtopology>, string]>([
  [
    'a repartition topic is read that nobody writes',
    { repartitionSourceTopics: [info('re')] },
    'Failed to compute number of partitions for all repartition topics, because a repartition source topic is never used as a sink topic.',
  ],
  [
    'repartition topics go in a circle',
    { repartitionSourceTopics: [info('re')], repartitionSinkTopics: ['re'] },
    'Failed to compute number of partitions for all repartition topics. There may be loops in the topology that cannot be resolved.',
  ],
])('a member is refused that brings a topology where %s', async (_why, differing, errorMessage) => {
  const broker = new GroupBroker().start();
  const topology = { epoch: 0, subtopologies: [subtopology('0', differing)] };
  const errorCode = ErrorCode.STREAMS_INVALID_TOPOLOGY;
  expect(await beat(broker, 'a', 0, { topology })).toMatchObject({ errorCode, errorMessage, status: [] });
});

test('a member that has joined without an instance id is not known by one', async () => {
  const broker = new GroupBroker().start();
  const { memberEpoch } = await beat(broker, 'a', 0);
  expect((await beat(broker, 'a', memberEpoch, { instanceId: 'i' })).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  expect(await beat(broker, 'a', -1)).toMatchObject({ errorCode: 0, acceptableRecoveryLag: -1 });
});

test('a topology of more tasks than a broker can give out is told so', async () => {
  const broker = new GroupBroker().start();
  broker.setTopic('large', 10_000);
  const subtopologies = Array.from({ length: 6 }, (_, id) => subtopology(String(id), { sourceTopics: ['large'] }));
  const joined = await beat(broker, 'a', 0, { topology: { epoch: 0, subtopologies } });
  expect(joined).toMatchObject({
    ...NO_TASKS,
    status: [{ statusCode: 2, statusDetail: 'The topology has 60000 tasks, more than 50000.' }],
  });
});

test('it becomes ready with the topic that was missing', async () => {
  const broker = new GroupBroker().start();
  const topology = { epoch: 0, subtopologies: [subtopology('0', { sourceTopics: ['late'] })] };
  await beat(broker, 'a', 0, { topology });
  broker.setTopic('late', 1);
  expect(await beat(broker, 'a', 2, NO_TASKS)).toMatchObject({ status: [], ...active(0) });
  broker.setTopic('late', 2);
  expect(await beat(broker, 'a', 3, active(0))).toMatchObject({ memberEpoch: 4, ...active(0, 1) });
});

test('a source topic that is deleted takes its tasks along, and one made anew under its name gives others', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  broker.setTopic('t1', 0);
  expect(await beat(broker, 'a', 2, active(0, 1))).toMatchObject({ ...NO_TASKS, status: [{ statusCode: 1 }] });
  expect(await beat(broker, 'a', 2, NO_TASKS)).toMatchObject({ memberEpoch: 3, status: [{ statusCode: 1 }] });
  broker.setTopic('t1', 1);
  expect(await beat(broker, 'a', 3, NO_TASKS)).toMatchObject({ memberEpoch: 4, ...active(0), status: [] });
});

test('a first assignment waits for more members, as long as streams.initial.rebalance.delay.ms says', async () => {
  const broker = new GroupBroker().start();
  broker.groupConfigs.set('g', new Map([['streams.initial.rebalance.delay.ms', '3000']]));
  const joined = await beat(broker, 'a', 0);
  expect(joined).toMatchObject({ memberEpoch: 1, ...NO_TASKS, status: [{ statusCode: 5 }] });
  expect((await beat(broker, 'b', 0)).memberEpoch).toBe(1);
  await broker.clock.advance(3000);
  expect(await beat(broker, 'a', 1, NO_TASKS)).toMatchObject({ memberEpoch: 3, ...active(0), status: [] });
  expect(await beat(broker, 'b', 1, NO_TASKS)).toMatchObject({ memberEpoch: 3, ...active(1) });
});

test('members are told that their assignment waits for streams.assignment.interval.ms', async () => {
  const broker = new GroupBroker({ 'group.streams.assignment.interval.ms': 1000 }).start();
  await beat(broker, 'a', 0);
  const statusDetail = 'Assignment delayed due to the configured assignment interval.';
  expect(await beat(broker, 'b', 0)).toMatchObject({
    memberEpoch: 2,
    ...NO_TASKS,
    status: [{ statusCode: 5, statusDetail }],
  });
  await broker.clock.advance(1000);
  expect(await beat(broker, 'b', 2, NO_TASKS)).toMatchObject({ memberEpoch: 3, status: [] });
});

test('standby tasks go to other processes, and are given at the next assignment when their number changes', async () => {
  const broker = new GroupBroker().start();
  const topology = {
    epoch: 0,
    subtopologies: [subtopology('0', { sourceTopics: ['t1'], stateChangelogTopics: [info('log')] })],
  };
  broker.setTopic('log', 2);
  await beat(broker, 'a', 0, { topology });
  await beat(broker, 'b', 0, { topology });
  await beat(broker, 'a', 2, active(0, 1));
  await beat(broker, 'a', 2, active(0));
  await beat(broker, 'b', 3, NO_TASKS);
  broker.groupConfigs.set('g', new Map([['streams.num.standby.replicas', '1']]));
  const standby = (partition: number) => [{ subtopologyId: '0', partitions: [partition] }];
  expect(await beat(broker, 'a', 3, active(0))).toMatchObject({
    memberEpoch: 4,
    ...active(0),
    standbyTasks: standby(1),
  });
  expect(await beat(broker, 'b', 3, active(1))).toMatchObject({
    memberEpoch: 4,
    ...active(1),
    standbyTasks: standby(0),
  });
});

test('the same group goes on after a restart', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  await beat(broker, 'b', 0);
  await beat(broker, 'a', 2, active(0, 1));
  const before = await describeGroup(broker);
  broker.restart();
  expect(await describeGroup(broker)).toEqual(before);
  expect(await beat(broker, 'a', 2, active(0))).toMatchObject({ memberEpoch: 3 });
  expect(await beat(broker, 'b', 3, NO_TASKS)).toMatchObject({ memberEpoch: 3, ...active(1) });
});

test('a member of an earlier epoch may repeat its heartbeat, and no other may', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  await beat(broker, 'b', 0);
  await beat(broker, 'a', 2, active(0, 1));
  await beat(broker, 'a', 2, active(0));
  expect(await beat(broker, 'a', 2, active(0))).toMatchObject({ errorCode: 0, memberEpoch: 3 });
  expect((await beat(broker, 'a', 2, active(1))).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH);
  expect((await beat(broker, 'a', 9, active(0))).errorCode).toBe(ErrorCode.FENCED_MEMBER_EPOCH);
  expect((await beat(broker, 'c', 3)).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
});

test('a static member that comes back under another id has its tasks at once', async () => {
  const broker = new GroupBroker().start();
  const first = await beat(broker, 'a', 0, { instanceId: 'i' });
  expect((await beat(broker, 'b', 0, { instanceId: 'i' })).errorCode).toBe(ErrorCode.UNRELEASED_INSTANCE_ID);
  await beat(broker, 'a', -2, { instanceId: 'i' });
  const back = await beat(broker, 'b', 0, { instanceId: 'i', processId: 'process of a' });
  expect(back).toMatchObject({ errorCode: 0, memberEpoch: first.memberEpoch, ...active(0, 1) });
  expect((await beat(broker, 'a', 2, { instanceId: 'i' })).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
  expect((await describeGroup(broker)).members).toMatchObject([{ memberId: 'b', instanceId: 'i' }]);
});

test('endpoints are told with their partitions, whenever they have changed', async () => {
  const broker = new GroupBroker().start();
  const userEndpoint = { host: 'localhost', port: 8080 };
  const joined = await beat(broker, 'a', 0, { userEndpoint });
  const known = [{ userEndpoint, activePartitions: [{ topic: 't1', partitions: [0, 1] }], standbyPartitions: [] }];
  // The group is made by this very heartbeat, and has no epoch before, as in Kafka.
  expect(joined).toMatchObject({ endpointInformationEpoch: 0, partitionsByUserEndpoint: known });
  const same = await beat(broker, 'a', 2, { endpointInformationEpoch: 1 });
  expect(same).toMatchObject({ endpointInformationEpoch: 1, partitionsByUserEndpoint: null });
});

test('one member can have all of the application shut down', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const { memberEpoch } = await beat(broker, 'b', 0);
  await beat(broker, 'b', memberEpoch, { shutdownApplication: true });
  expect((await beat(broker, 'a', 2)).status).toMatchObject([{ statusCode: 4 }]);
});

test('only members in their epoch commit offsets', async () => {
  const broker = new GroupBroker().start();
  const commit = async (memberId: string, generationIdOrMemberEpoch: number, partitionIndex = 0) => {
    const partitions = [{ partitionIndex, committedOffset: 1, committedMetadata: null }];
    const topics = [{ topicId: TOPIC_ID, partitions }];
    const request = { groupId: 'g', generationIdOrMemberEpoch, memberId, topics };
    return (await broker.send(OffsetCommit, 10, request)).topics[0].partitions[0].errorCode;
  };
  await beat(broker, 'a', 0);
  expect(await commit('a', 2)).toBe(0);
  expect(await commit('a', 3)).toBe(ErrorCode.STALE_MEMBER_EPOCH);
  expect(await commit('b', 2)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  await beat(broker, 'b', 0);
  await beat(broker, 'a', 2, active(0, 1));
  await beat(broker, 'a', 2, active(0));
  expect([await commit('a', 2, 0), await commit('a', 2, 1)]).toEqual([0, ErrorCode.STALE_MEMBER_EPOCH]);
  const group = { groupId: 'g', memberId: 'a', memberEpoch: 3, topics: null };
  const { groups } = await broker.send(OffsetFetch, 9, { groups: [group], requireStable: false });
  expect(groups[0]).toMatchObject({ errorCode: 0, topics: [{ name: 't1' }] });
});

test('other protocols are kept out while there are members, and may take an empty group', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const consumer = {
    groupId: 'g',
    memberId: 'c',
    memberEpoch: 0,
    rebalanceTimeoutMs: 1000,
    subscribedTopicNames: ['t1'],
    topicPartitions: [],
  };
  expect((await broker.send(ConsumerGroupHeartbeat, 1, consumer)).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  const join = {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array() }],
  };
  expect((await broker.send(JoinGroup, 3, join)).errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  expect((await broker.send(DeleteGroups, 2, { groupsNames: ['g'] })).results).toMatchObject([{ errorCode: 68 }]);
  await beat(broker, 'a', -1);
  expect((await broker.send(DeleteGroups, 2, { groupsNames: ['g'] })).results).toMatchObject([{ errorCode: 0 }]);
  expect((await describeGroup(broker)).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
});

test('at level 0 of streams.version every request is unsupported', async () => {
  const broker = new GroupBroker().start();
  broker.features.set('streams.version', 0);
  expect((await beat(broker, 'a', 0)).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
  expect((await describeGroup(broker)).errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
});

test('tasks are told in the older version too', async () => {
  const broker = new GroupBroker().start();
  const request = { groupId: 'g', memberId: 'a', memberEpoch: 0, endpointInformationEpoch: 0, topology: ONE };
  const joined = await broker.send(StreamsGroupHeartbeat, 0, {
    ...request,
    ...NO_TASKS,
    rebalanceTimeoutMs: 1,
    processId: 'p',
  });
  expect(joined).toMatchObject({ errorCode: 0, acceptableRecoveryLagLegacy: 0 });
  expect(tasksOf(joined as never)).toEqual(active(0, 1));
});
