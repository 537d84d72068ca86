import { expect, test } from 'vitest';
import {
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  DeleteGroups,
  DescribeGroups,
  Heartbeat,
  JoinGroup,
  ListGroups,
  OffsetCommit,
  OffsetFetch,
  SyncGroup,
} from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { decodeRecord } from '../../src/groups/records.ts';
import { GroupBroker } from './group-broker.ts';

type Broker = GroupBroker;

function beat(broker: Broker, memberId: string, memberEpoch: number, more: object = {}, connectionId = 1) {
  const joins = memberEpoch === 0;
  return broker.send(
    ConsumerGroupHeartbeat,
    1,
    {
      groupId: 'g',
      memberId,
      memberEpoch,
      rebalanceTimeoutMs: joins ? 10_000 : -1,
      subscribedTopicNames: joins ? ['t1'] : null,
      topicPartitions: joins ? [] : null,
      ...more,
    },
    'probe',
    connectionId,
  );
}

/** JoinGroup of a new member that reads t1; a static one where it has an instance id. */
function joinClassic(broker: Broker, groupInstanceId: string | null = null, connectionId = 2) {
  const request = {
    groupId: 'g',
    sessionTimeoutMs: 60_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('00000000000100027431ffffffff', 'hex') }],
  };
  return groupInstanceId === null
    ? broker.send(JoinGroup, 3, request, 'classic', connectionId)
    : broker.send(JoinGroup, 9, { ...request, groupInstanceId }, 'classic', connectionId);
}

async function describe(broker: Broker) {
  const {
    groups: [group],
  } = await broker.send(ConsumerGroupDescribe, 1, {
    groupIds: ['g'],
    includeAuthorizedOperations: false,
  });
  return group;
}

function ids({ members }: { members: readonly { memberId: string }[] }): string[] {
  return members.map(({ memberId }) => memberId);
}

function kindsInLog(broker: Broker): string[] {
  return broker.logOf('g').batches.flatMap((bytes) =>
    decodeBatch(bytes, 0).records.map(({ key, value }) => {
      const record = decodeRecord(key!, value);
      return `${value === null ? '-' : '+'}${record?.type}`;
    }),
  );
}

test('the connection of a member closes, and it goes at once where that is wanted: dynamic members only', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0, {}, 1);
  await beat(broker, 'b', 0, {}, 2);
  await beat(broker, 'c', 0, { instanceId: 'i' }, 2);
  broker.groups.connectionClosed(2, false);
  expect(ids(await describe(broker))).toEqual(['a', 'b', 'c']);
  await beat(broker, 'b', 3, {}, 3);
  broker.groups.connectionClosed(2, true);
  // b had gone on through another connection.
  expect(ids(await describe(broker))).toEqual(['a', 'b', 'c']);
  broker.groups.connectionClosed(3, true);
  expect(ids(await describe(broker))).toEqual(['a', 'c']);
  await beat(broker, 'a', 2);
  expect((await describe(broker)).groupEpoch).toBe(5);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a classic member of a group that was downgraded goes with its connection, before it has said a word', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const { memberId } = await joinClassic(broker, null, 2);
  await joinClassic(broker, 'i', 3);
  await beat(broker, 'a', -1);
  const members = async () => {
    const { groups } = await broker.send(DescribeGroups, 5, { groups: ['g'] });
    return ids(groups[0]);
  };
  expect(await members()).toContain(memberId);
  broker.groups.connectionClosed(2, true);
  expect(await members()).toEqual([expect.stringMatching(/^i-/)]);
  // The static one keeps its place.
  broker.groups.connectionClosed(3, true);
  expect(await members()).toHaveLength(1);
  broker.groups.stop();
});

test('a classic member of a group that was upgraded goes with its connection, before it has said a word', async () => {
  const broker = new GroupBroker().start();
  const joining = joinClassic(broker, null, 2);
  await broker.clock.advance(0);
  const { memberId } = await joining;
  await beat(broker, 'a', 0, {}, 1);
  expect(ids(await describe(broker)).toSorted()).toEqual(['a', memberId].toSorted());
  broker.groups.connectionClosed(2, true);
  expect(ids(await describe(broker))).toEqual(['a']);
  broker.groups.stop();
});

test('an expression is asked for its topics again after group.consumer.regex.refresh.interval.ms', async () => {
  const broker = new GroupBroker({ 'group.consumer.regex.refresh.interval.ms': 20_000 }).start();
  await beat(broker, 'a', 0, { subscribedTopicNames: null, subscribedTopicRegex: 't.*' });
  const found = async () =>
    (await describe(broker)).members[0].assignment.topicPartitions.map(({ topicId }) => topicId);
  const [before] = await found();
  // A topic that comes without any word of it: what a member may see can change so.
  const id = broker.slipInTopic('t2', 1);
  await broker.clock.advance(19_999);
  await beat(broker, 'a', 2);
  expect(await found()).toEqual([before]);
  await broker.clock.advance(1);
  await beat(broker, 'a', 2);
  expect((await found()).toSorted()).toEqual([before, id].toSorted());
  broker.groups.stop();
});

test('a group has configurations of its own, within the bounds of the broker', async () => {
  const broker = new GroupBroker().start();
  broker.groupConfigs.set(
    'g',
    new Map([
      ['consumer.heartbeat.interval.ms', '7000'],
      ['consumer.session.timeout.ms', '50000'],
    ]),
  );
  expect((await beat(broker, 'a', 0)).heartbeatIntervalMs).toBe(7000);
  await broker.clock.advance(49_999);
  expect(ids(await describe(broker))).toEqual(['a']);
  await broker.clock.advance(1);
  expect(ids(await describe(broker))).toEqual([]);
  broker.groupConfigs.set('g', new Map([['consumer.heartbeat.interval.ms', '60000']]));
  expect((await beat(broker, 'a', 0)).heartbeatIntervalMs).toBe(15_000);
  broker.groups.stop();
});

test('each member has a whole session after a restart, and one that was giving up its time for that', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  await beat(broker, 'b', 0);
  await beat(broker, 'a', 2);
  await broker.clock.advance(9000);
  const before = await describe(broker);
  broker.restart();
  expect(await describe(broker)).toEqual(before);
  await broker.clock.advance(9999);
  expect(ids(await describe(broker))).toEqual(['a', 'b']);
  await broker.clock.advance(1);
  expect(ids(await describe(broker))).toEqual(['b']);
  await broker.clock.advance(34_999);
  expect(ids(await describe(broker))).toEqual(['b']);
  await broker.clock.advance(1);
  expect(ids(await describe(broker))).toEqual([]);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a heartbeat that changes nothing writes nothing', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const { length } = broker.logOf('g').batches;
  for (let i = 0; i < 10; i++) await beat(broker, 'a', 2);
  await beat(broker, 'a', 2, { subscribedTopicNames: ['t1'], rebalanceTimeoutMs: 10_000, topicPartitions: [] });
  expect(broker.logOf('g').batches.length).toBe(length);
  broker.groups.stop();
});

test('what could not be written has not happened', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const before = await describe(broker);
  broker.logOf('g').failing = ErrorCode.NOT_ENOUGH_REPLICAS;
  const refused = await beat(broker, 'b', 0);
  expect(refused).toMatchObject({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, memberEpoch: 0, assignment: null });
  await broker.clock.advance(45_000); // a's session ends, and its end cannot be written either
  expect(await describe(broker)).toEqual(before);
  broker.logOf('g').failing = 0;
  await broker.clock.advance(45_000);
  expect(ids(await describe(broker))).toEqual([]);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a group that is deleted leaves a tombstone for every record, and nothing behind after a restart', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0, { subscribedTopicNames: null, subscribedTopicRegex: 't.*' });
  await broker.send(OffsetCommit, 9, {
    groupId: 'g',
    memberId: 'a',
    generationIdOrMemberEpoch: 2,
    topics: [{ name: 't1', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }] }],
  });
  await beat(broker, 'a', -1);
  await broker.send(DeleteGroups, 2, { groupsNames: ['g'] });
  const kinds = kindsInLog(broker);
  const written = kinds.filter((kind) => kind.startsWith('+'));
  expect(new Set(written).size).toBe(7);
  for (const kind of written) expect(kinds).toContain(`-${kind.slice(1)}`);
  broker.restart();
  expect((await broker.send(ListGroups, 5, {})).groups).toEqual([]);
  broker.groups.stop();
});

test('tombstones of a group that has become another kind do not end that one', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const { memberId } = await joinClassic(broker);
  await beat(broker, 'a', -1);
  const log = broker.logOf('g');
  // A cleaner may keep the tombstones of the consumer group behind the classic one's record.
  const [records] = log.batches.slice(-1).map((bytes) => decodeBatch(bytes, 0).records);
  const tombstones = records.filter(({ value }) => value === null);
  log.appendRecords(tombstones.map(({ key }) => ({ key, value: null, timestamp: 0 })));
  broker.restart();
  const { groups } = await broker.send(ListGroups, 5, {});
  expect(groups).toEqual([{ groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' }]);
  expect(memberId).not.toBe('');
  broker.groups.stop();
});

test.each([
  ['DISABLED', ErrorCode.GROUP_ID_NOT_FOUND, 'classic'],
  ['downgrade', ErrorCode.GROUP_ID_NOT_FOUND, 'classic'],
  ['UPGRADE', ErrorCode.NONE, 'consumer'],
  ['bidirectional', ErrorCode.NONE, 'classic'],
])('group.consumer.migration.policy=%s says which way a living group may go', async (policy, errorCode, end) => {
  const broker = new GroupBroker({ 'group.consumer.migration.policy': policy }).start();
  const joining = joinClassic(broker);
  await broker.clock.advance(0);
  await joining;
  expect((await beat(broker, 'a', 0)).errorCode).toBe(errorCode);
  await beat(broker, 'a', -1);
  const {
    groups: [{ groupType }],
  } = await broker.send(ListGroups, 5, {});
  expect(groupType).toBe(end);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a classic group whose assignor gives members data of its own stays classic', async () => {
  const broker = new GroupBroker().start();
  const joining = joinClassic(broker);
  await broker.clock.advance(0);
  const { memberId, generationId } = await joining;
  // Version 0, no partitions, one byte of the assignor's own.
  const assignments = [{ memberId, assignment: Buffer.from('0000000000000000000107', 'hex') }];
  await broker.send(SyncGroup, 3, { groupId: 'g', generationId, memberId, assignments }, 'classic', 2);
  expect((await beat(broker, 'a', 0)).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  expect((await broker.send(ListGroups, 5, {})).groups[0].groupType).toBe('classic');
  broker.groups.stop();
});

test('a classic member has its partitions, and joins again only once an assignment is there for it', async () => {
  const broker = new GroupBroker({ 'group.consumer.assignment.interval.ms': 1000 }).start();
  await beat(broker, 'a', 0);
  const { memberId, generationId } = await joinClassic(broker);
  const request = { groupId: 'g', generationId, memberId };
  const sync = () => broker.send(SyncGroup, 3, { ...request, assignments: [] }, 'classic', 2);
  const heartbeat = async () => (await broker.send(Heartbeat, 3, request, 'classic', 2)).errorCode;
  expect(await describe(broker)).toMatchObject({ groupEpoch: 3, assignmentEpoch: 2 });
  expect([generationId, (await sync()).errorCode, await heartbeat()]).toEqual([2, ErrorCode.NONE, ErrorCode.NONE]);
  await broker.clock.advance(1000);
  expect(await heartbeat()).toBe(ErrorCode.NONE);
  await beat(broker, 'a', 2);
  expect([await heartbeat(), (await sync()).errorCode]).toEqual(Array(2).fill(ErrorCode.REBALANCE_IN_PROGRESS));
  broker.groups.stop();
});

test('where all members are classic, one of them joins again for the assignment', async () => {
  const policy = { 'group.consumer.migration.policy': 'upgrade', 'group.consumer.assignment.interval.ms': 1000 };
  const broker = new GroupBroker(policy).start();
  await beat(broker, 'a', 0);
  const { memberId, generationId } = await joinClassic(broker);
  await beat(broker, 'a', -1);
  const heartbeat = async () =>
    (await broker.send(Heartbeat, 3, { groupId: 'g', generationId, memberId }, 'classic', 2)).errorCode;
  expect(await heartbeat()).toBe(ErrorCode.NONE);
  await broker.clock.advance(1000);
  expect(await heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  broker.groups.stop();
});

test('with migration disabled nobody joins a consumer group by the classic protocol', async () => {
  const broker = new GroupBroker({ 'group.consumer.migration.policy': 'disabled' }).start();
  await beat(broker, 'a', 0);
  const { errorCode, memberId } = await joinClassic(broker);
  expect([errorCode, memberId]).toEqual([ErrorCode.INCONSISTENT_GROUP_PROTOCOL, '']);
  expect(ids(await describe(broker))).toEqual(['a']);
});

test('a classic member that never fetches its assignment is taken out', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const { memberId } = await joinClassic(broker, 'i');
  expect(ids(await describe(broker))).toEqual(['a', memberId]);
  await broker.clock.advance(9999);
  expect(ids(await describe(broker))).toEqual(['a', memberId]);
  await broker.clock.advance(1);
  expect(ids(await describe(broker))).toEqual(['a']);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a classic member that is told to join again and only beats is taken out', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const { memberId, generationId } = await joinClassic(broker);
  await broker.send(SyncGroup, 3, { groupId: 'g', generationId, memberId, assignments: [] }, 'classic', 2);
  const shallJoin = () =>
    broker
      .send(Heartbeat, 3, { groupId: 'g', generationId, memberId }, 'classic', 2)
      .then(({ errorCode }) => errorCode);
  expect(await shallJoin()).toBe(ErrorCode.NONE);
  await beat(broker, 'b', 0);
  expect(await shallJoin()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  await broker.clock.advance(6000);
  expect(await shallJoin()).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  await broker.clock.advance(3999);
  expect(ids(await describe(broker))).toContain(memberId);
  await broker.clock.advance(1);
  expect(ids(await describe(broker))).toEqual(['a', 'b']);
  broker.groups.stop();
});

test('a classic member that goes on by the consumer protocol is no longer waited for', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0);
  const { memberId, generationId } = await joinClassic(broker);
  await beat(broker, memberId, generationId);
  await broker.clock.advance(30_000);
  expect(ids(await describe(broker))).toContain(memberId);
  broker.groups.stop();
});

test('a member that takes another instance id leaves the old one free', async () => {
  const broker = new GroupBroker().start();
  await beat(broker, 'a', 0, { instanceId: 'i' });
  await beat(broker, 'a', 0, { instanceId: 'k' });
  expect((await beat(broker, 'b', 0, { instanceId: 'i' })).errorCode).toBe(ErrorCode.NONE);
  expect((await beat(broker, 'c', 0, { instanceId: 'k' })).errorCode).toBe(ErrorCode.UNRELEASED_INSTANCE_ID);
  broker.groups.stop();
});

test('offsets of a topic no member reads are forgotten after their retention, the others are not', async () => {
  const broker = new GroupBroker({ 'group.consumer.session.timeout.ms': 60_000_000 }).start();
  broker.setTopic('t2', 1);
  await beat(broker, 'a', 0);
  const topics = ['t1', 't2'].map((name) => ({
    name,
    partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }],
  }));
  await broker.send(OffsetCommit, 9, { groupId: 'g', memberId: 'a', generationIdOrMemberEpoch: 2, topics });
  for (let day = 0; day < 8; day++) {
    await broker.clock.advance(12 * 3_600_000);
    await beat(broker, 'a', 2);
    await broker.clock.advance(12 * 3_600_000);
    await beat(broker, 'a', 2);
  }
  const {
    groups: [{ topics: left }],
  } = await broker.send(OffsetFetch, 9, { groups: [{ groupId: 'g', topics: null }] });
  expect(left.map(({ name }) => name)).toEqual(['t1']);
  broker.groups.stop();
});
