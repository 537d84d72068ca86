import { expect, test } from 'vitest';
import {
  AlterShareGroupOffsets,
  DeleteGroups,
  DeleteShareGroupOffsets,
  DescribeShareGroupOffsets,
  ListGroups,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import { ErrorCode, errorMessage as errorMessageOf } from '../../protocol/errors.ts';
import { GroupBroker, TOPIC_ID } from './group-broker.ts';

type Broker = GroupBroker;
const JOINED = [{ topicId: TOPIC_ID, partitions: [0, 1] }];

function beat(broker: Broker, memberId: string, memberEpoch: number, more: object = {}, connectionId = 1) {
  const subscribedTopicNames = memberEpoch === 0 ? ['t1'] : null;
  const request = { groupId: 'g', memberId, memberEpoch, subscribedTopicNames, ...more };
  return broker.send(ShareGroupHeartbeat, 1, request, 'probe', connectionId);
}

/** A member that has joined and has been told its assignment. */
async function member(broker: Broker, memberId: string, connectionId = 1): Promise<number> {
  const { memberEpoch } = await beat(broker, memberId, 0, {}, connectionId);
  return (await beat(broker, memberId, memberEpoch, {}, connectionId)).memberEpoch;
}

async function describe(broker: Broker) {
  const request = { groupIds: ['g'], includeAuthorizedOperations: true };
  return (await broker.send(ShareGroupDescribe, 1, request)).groups[0];
}

async function memberIds(broker: Broker): Promise<string[]> {
  return (await describe(broker)).members.map(({ memberId }) => memberId);
}

async function startOffsets(broker: Broker): Promise<number[]> {
  const { groups } = await broker.send(DescribeShareGroupOffsets, 1, { groups: [{ groupId: 'g', topics: null }] });
  return groups[0].topics.flatMap(({ partitions }) => partitions.map(({ startOffset }) => startOffset));
}

test('a member that is silent for its session is taken out, and its partitions go to the others', async () => {
  const broker = new GroupBroker().start();
  await member(broker, 'a');
  const epoch = await member(broker, 'b');
  await broker.clock.advance(30_000);
  await beat(broker, 'b', epoch);
  await broker.clock.advance(15_000);
  expect(await memberIds(broker)).toEqual(['b']);
  expect((await beat(broker, 'b', epoch)).assignment?.topicPartitions).toEqual(JOINED);
  expect((await beat(broker, 'a', epoch)).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('with ottla.evict.on.disconnect a closed connection takes its members out', async () => {
  const broker = new GroupBroker().start();
  await member(broker, 'a', 1);
  await member(broker, 'b', 2);
  broker.groups.connectionClosed(1, false);
  expect(await memberIds(broker)).toEqual(['a', 'b']);
  await beat(broker, 'a', 0, {}, 3);
  broker.groups.connectionClosed(3, true);
  expect(await memberIds(broker)).toEqual(['b']);
});

test("the group's own configurations count within the broker's bounds, at the next heartbeat", async () => {
  const broker = new GroupBroker().start();
  const epoch = await member(broker, 'a');
  broker.groupConfigs.set('g', new Map([['share.heartbeat.interval.ms', '7000']]));
  expect((await beat(broker, 'a', epoch)).heartbeatIntervalMs).toBe(7000);
  broker.groupConfigs.set('g', new Map([['share.heartbeat.interval.ms', '99000']]));
  expect((await beat(broker, 'a', epoch)).heartbeatIntervalMs).toBe(15_000);
});

test('members are assigned anew once share.assignment.interval.ms has passed', async () => {
  const broker = new GroupBroker({ 'group.share.assignment.interval.ms': 1000 }).start();
  const first = await beat(broker, 'a', 0);
  expect(first.memberEpoch).toBe(2);
  const early = await beat(broker, 'a', 2);
  expect([early.memberEpoch, early.assignment]).toEqual([2, null]);
  expect(await describe(broker)).toMatchObject({ groupEpoch: 3, assignmentEpoch: 2 });
  await broker.clock.advance(1000);
  expect(await beat(broker, 'a', 2)).toMatchObject({ memberEpoch: 3, assignment: { topicPartitions: JOINED } });
});

test('an epoch that waits for its assignment takes along what gets its state meanwhile', async () => {
  const broker = new GroupBroker({ 'group.share.assignment.interval.ms': 1000 }).start();
  broker.setTopic('t1', 0);
  expect((await beat(broker, 'a', 0)).memberEpoch).toBe(2);
  broker.setTopic('t1', 2);
  await beat(broker, 'a', 2); // the topic is there: epoch 3, and its partitions get their state
  await beat(broker, 'a', 2);
  expect(await describe(broker)).toMatchObject({ groupEpoch: 3, assignmentEpoch: 2 });
  await broker.clock.advance(1000);
  const { memberEpoch, assignment } = await beat(broker, 'a', 2);
  expect([memberEpoch, assignment?.topicPartitions[0].partitions]).toEqual([3, [0, 1]]);
  await beat(broker, 'a', 3);
  expect(await describe(broker)).toMatchObject({ groupEpoch: 3, assignmentEpoch: 3 });
});

test('a member loses a topic that is deleted at once, in the epoch it has: the next one comes with the next assignment', async () => {
  const broker = new GroupBroker({ 'group.share.assignment.interval.ms': 1000 }).start();
  const [{ topicId }] = JOINED;
  const [t1, t2] = [
    { topicId, partitions: [0, 1] },
    { topicId: broker.setTopic('t2', 1), partitions: [0] },
  ];
  await beat(broker, 'a', 0, { subscribedTopicNames: ['t1', 't2'] });
  await broker.clock.advance(1000);
  const { memberEpoch, assignment } = await beat(broker, 'a', 2);
  expect(new Set(assignment?.topicPartitions)).toEqual(new Set([t1, t2]));
  broker.setTopic('t2', 0);
  const told = await beat(broker, 'a', memberEpoch);
  expect([told.memberEpoch, told.assignment]).toEqual([memberEpoch, { topicPartitions: [t1] }]);
  await broker.clock.advance(1000);
  expect((await beat(broker, 'a', memberEpoch)).memberEpoch).toBe(memberEpoch + 1);
});

test('a restart finds members, epochs, assignments and states as they were', async () => {
  const broker = new GroupBroker().start();
  await member(broker, 'a');
  await member(broker, 'b');
  const epoch = await member(broker, 'a');
  await beat(broker, 'b', -1);
  const before = await describe(broker);
  broker.restart();
  expect(await describe(broker)).toEqual(before);
  expect((await beat(broker, 'a', epoch)).assignment?.topicPartitions).toEqual(JOINED);
  expect(broker.shareState.asked).toEqual(['initialize g 0,1']);
});

test('steady heartbeats write nothing and ask the share coordinator for nothing', async () => {
  const broker = new GroupBroker().start();
  const epoch = await member(broker, 'a');
  const written = broker.logOf('g').batches.length;
  for (let i = 0; i < 10; i++) expect((await beat(broker, 'a', epoch)).assignment).toBeNull();
  expect(broker.logOf('g').batches.length).toBe(written);
  expect(broker.shareState.asked).toEqual(['initialize g 0,1']);
});

test('only partitions whose state is initialised are assigned, however late the answer comes', async () => {
  const broker = new GroupBroker().start();
  let answer = (): void => {};
  broker.shareState.answers = new Promise((resolve) => (answer = resolve));
  await beat(broker, 'a', 0);
  expect((await beat(broker, 'a', 2)).assignment).toBeNull();
  expect(broker.shareState.asked).toEqual(['initialize g 0,1']);
  answer();
  await broker.clock.advance(0);
  expect((await beat(broker, 'a', 2)).assignment?.topicPartitions).toEqual(JOINED);
});

test('a refused initialisation is tried again with the next heartbeat', async () => {
  const broker = new GroupBroker().start();
  broker.shareState.errorCode = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
  await beat(broker, 'a', 0);
  broker.shareState.errorCode = ErrorCode.NONE;
  await beat(broker, 'a', 2);
  expect(broker.shareState.asked).toEqual(['initialize g 0,1', 'initialize g 0,1']);
  expect((await beat(broker, 'a', 2)).assignment?.topicPartitions).toEqual(JOINED);
});

test('an initialisation that a crash has cut off is taken up again after the retry interval', async () => {
  const broker = new GroupBroker().start();
  broker.shareState.answers = new Promise(() => {});
  await beat(broker, 'a', 0);
  broker.shareState.answers = null;
  broker.restart();
  await beat(broker, 'a', 2);
  expect((await beat(broker, 'a', 2)).assignment?.topicPartitions).toEqual(JOINED);
  expect(broker.shareState.asked).toEqual(['initialize g 0,1', 'initialize g 0,1']);
});

test('partitions that a topic grows by are read from their beginning', async () => {
  const broker = new GroupBroker().start();
  const epoch = await member(broker, 'a');
  broker.setTopic('t1', 3);
  await beat(broker, 'a', epoch);
  expect(await startOffsets(broker)).toEqual([-1, -1, 0]);
});

test('the states of a deleted topic are forgotten, of a group that nobody is in as well', async () => {
  const broker = new GroupBroker().start();
  await member(broker, 'a');
  await beat(broker, 'a', -1);
  broker.setTopic('t1', 0);
  await broker.clock.advance(0);
  expect(broker.shareState.states.size).toBe(0);
  expect(await startOffsets(broker)).toEqual([]);
});

test('a deletion that the share coordinator has refused, or a crash has cut off, is taken up again', async () => {
  const broker = new GroupBroker().start();
  await member(broker, 'a');
  await beat(broker, 'a', -1);
  broker.shareState.errorCode = ErrorCode.NOT_COORDINATOR;
  const request = { groupId: 'g', topics: [{ topicName: 't1' }] };
  const { responses } = await broker.send(DeleteShareGroupOffsets, 0, request);
  expect(responses[0].errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  expect(await startOffsets(broker)).toEqual([]);
  broker.shareState.errorCode = ErrorCode.NONE;
  await broker.clock.advance(30_000);
  expect(broker.shareState.states.size).toBe(0);

  await member(broker, 'a');
  await beat(broker, 'a', -1);
  broker.shareState.answers = new Promise(() => {});
  void broker.send(DeleteShareGroupOffsets, 0, request);
  broker.shareState.answers = null;
  broker.restart();
  expect(broker.shareState.states.size).toBe(0);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a group is deleted once its states are, and never while members come meanwhile', async () => {
  const broker = new GroupBroker().start();
  await member(broker, 'a');
  await beat(broker, 'a', -1);
  let answer = (): void => {};
  broker.shareState.answers = new Promise((resolve) => (answer = resolve));
  const deleted = broker.send(DeleteGroups, 2, { groupsNames: ['g'] });
  await beat(broker, 'b', 0);
  answer();
  expect((await deleted).results[0].errorCode).toBe(ErrorCode.NON_EMPTY_GROUP);
  broker.shareState.answers = null;
  await beat(broker, 'b', -1);
  expect((await broker.send(DeleteGroups, 2, { groupsNames: ['g'] })).results[0].errorCode).toBe(ErrorCode.NONE);
  expect(broker.shareState.states.size).toBe(0);
  expect((await broker.send(ListGroups, 5, {})).groups).toEqual([]);
  broker.restart();
  expect((await broker.send(ListGroups, 5, {})).groups).toEqual([]);
});

test('an empty group does not expire: its start offsets are its own', async () => {
  const broker = new GroupBroker().start();
  await member(broker, 'a');
  await beat(broker, 'a', -1);
  await broker.clock.advance(30 * 24 * 3_600_000);
  expect((await broker.send(ListGroups, 5, {})).groups).toHaveLength(1);
  expect(await startOffsets(broker)).toEqual([-1, -1]);
});

test('a log that refuses leaves the group as it was', async () => {
  const broker = new GroupBroker().start();
  const epoch = await member(broker, 'a');
  broker.logOf('g').failing = ErrorCode.KAFKA_STORAGE_ERROR;
  expect((await beat(broker, 'b', 0)).errorCode).not.toBe(ErrorCode.NONE);
  expect((await beat(broker, 'a', -1)).errorCode).not.toBe(ErrorCode.NONE);
  expect(await memberIds(broker)).toEqual(['a']);
  broker.logOf('g').failing = 0;
  expect((await beat(broker, 'a', epoch)).errorCode).toBe(ErrorCode.NONE);
});

test('offsets altered for partitions that are none or far off are answered one by one', async () => {
  const broker = new GroupBroker().start();
  const partitions = [
    { partitionIndex: 2_000_000_000, startOffset: 0 },
    { partitionIndex: 0, startOffset: Number.MAX_SAFE_INTEGER },
  ];
  const request = { groupId: 'g', topics: [{ topicName: 't1', partitions }] };
  const { responses } = await broker.send(AlterShareGroupOffsets, 0, request);
  expect(responses[0].partitions.map(({ errorCode }) => errorCode)).toEqual([
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.NONE,
  ]);
  const negative = [{ partitionIndex: -1, startOffset: 0 }, ...partitions];
  const refused = { groupId: 'refused', topics: [{ topicName: 't1', partitions: negative }] };
  const answer = await broker.send(AlterShareGroupOffsets, 0, refused);
  expect([answer.errorCode, answer.responses]).toEqual([ErrorCode.UNKNOWN_SERVER_ERROR, []]);
  const nothing = { groupId: 'other', topics: [{ topicName: 'none', partitions }] };
  await broker.send(AlterShareGroupOffsets, 0, nothing);
  const { groups } = await broker.send(ListGroups, 5, {});
  expect(groups.map(({ groupId }) => groupId)).toEqual(['g']);
});

test('offsets of a negative partition are refused with all that is asked of the group, as Kafka refuses them', async () => {
  const broker = new GroupBroker().start();
  const groups = ['t1', 'none'].map((topicName) => ({ groupId: 'g', topics: [{ topicName, partitions: [0, -1] }] }));
  const described = await broker.send(DescribeShareGroupOffsets, 1, { groups });
  expect(described.groups).toMatchObject([
    { topics: [], errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: 'A partition has a negative index.' },
    { topics: [{ partitions: [{}, {}] }], errorCode: ErrorCode.NONE, errorMessage: null },
  ]);
});

test('offsets of a group without a name are refused, and the answer says why', async () => {
  const broker = new GroupBroker().start();
  const [errorCode, errorMessage] = [ErrorCode.INVALID_GROUP_ID, errorMessageOf(ErrorCode.INVALID_GROUP_ID)];
  const request = { groupId: '', topics: [] };
  expect(await broker.send(AlterShareGroupOffsets, 0, request)).toMatchObject({ errorCode, errorMessage });
  expect(await broker.send(DeleteShareGroupOffsets, 0, request)).toMatchObject({ errorCode, errorMessage });
});

test('at level 0 of share.version every API of share groups is unsupported', async () => {
  const broker = new GroupBroker().start();
  broker.features.set('share.version', 0);
  const codes = [
    (await beat(broker, 'a', 0)).errorCode,
    (await describe(broker)).errorCode,
    (await broker.send(DescribeShareGroupOffsets, 1, { groups: [{ groupId: 'g', topics: null }] })).groups[0].errorCode,
    (await broker.send(AlterShareGroupOffsets, 0, { groupId: 'g', topics: [] })).errorCode,
    (await broker.send(DeleteShareGroupOffsets, 0, { groupId: 'g', topics: [] })).errorCode,
  ];
  expect(new Set(codes)).toEqual(new Set([ErrorCode.UNSUPPORTED_VERSION]));
  // As Kafka answers, and its own tests compare.
  expect([(await beat(broker, 'a', 0)).errorMessage, (await describe(broker)).errorMessage]).toEqual([null, null]);
});
