import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { javaHash, partitionFor } from '../../src/coordination/java-hash.ts';
import { newMemberId } from '../../src/groups/member-id.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { GroupBroker, tables, TOPIC_ID } from './group-broker.ts';

const { DeleteGroups, DescribeGroups, FindCoordinator, Heartbeat, JoinGroup, LeaveGroup, ListGroups, SyncGroup } =
  tables;
const { OffsetCommit, OffsetDelete, OffsetFetch } = tables;
const WEEK_MS = 7 * 24 * 3_600_000;

function join(broker: GroupBroker, groupId: string, connectionId = 1, memberId = '') {
  return broker.send(
    JoinGroup,
    3,
    {
      groupId,
      memberId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      // Version 0, one topic 't1', no user data.
      protocols: [{ name: 'range', metadata: Buffer.from('0000000000010002743100000000', 'hex') }],
    },
    'client',
    connectionId,
  );
}

function sync(broker: GroupBroker, groupId: string, memberId: string, generationId = 1) {
  const assignments = [{ memberId, assignment: Buffer.from('all') }];
  return broker.send(SyncGroup, 4, { groupId, memberId, generationId, assignments });
}

function heartbeat(broker: GroupBroker, groupId: string, memberId: string, generationId = 1) {
  return broker.send(Heartbeat, 4, { groupId, memberId, generationId }).then(({ errorCode }) => errorCode);
}

function commit(broker: GroupBroker, groupId: string, committedOffset: number, memberId = '', generation = -1) {
  return broker
    .send(OffsetCommit, 9, {
      groupId,
      memberId,
      generationIdOrMemberEpoch: generation,
      topics: [{ name: 't1', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: 'why' }] }],
    })
    .then(({ topics }) => topics[0].partitions[0].errorCode);
}

function committed(broker: GroupBroker, groupId: string) {
  return broker.send(OffsetFetch, 9, { groups: [{ groupId, topics: null }] }).then(({ groups }) => groups[0].topics);
}

function describe(broker: GroupBroker, groupId: string) {
  return broker.send(DescribeGroups, 6, { groups: [groupId] }).then(({ groups }) => groups[0]);
}

/** A group of one member, stable. */
async function stableGroup(broker: GroupBroker, groupId: string, connectionId = 1): Promise<string> {
  const joining = join(broker, groupId, connectionId);
  await broker.clock.advance(0);
  const { memberId } = await joining;
  await sync(broker, groupId, memberId);
  return memberId;
}

test("a hash is Java's, over UTF-16, and the number without a positive twin counts as 0", () => {
  expect(javaHash('simple')).toBe(-902286926);
  expect(javaHash('𝄞é')).toBe(54944447);
  expect(javaHash('polygenelubricants')).toBe(-0x8000_0000);
  expect(partitionFor('polygenelubricants', 50)).toBe(0);
  expect(partitionFor('simple', 50)).toBe(26); // where Apache Kafka 4.3.1 put it
  expect(partitionFor('g1', 50)).toBe(42);
});

test('a member id is the instance or client id and a uuid', () => {
  const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
  expect(newMemberId('c', null, seededRandom(1))).toMatch(new RegExp(`^c-${uuid}$`));
  expect(newMemberId('c', 'instance', seededRandom(1))).toMatch(new RegExp(`^instance-${uuid}$`));
});

test('the first FindCoordinator makes the topic and has the answer at once', async () => {
  const broker = new GroupBroker();
  const { coordinators } = await broker.send(FindCoordinator, 6, { coordinatorKeys: ['g'] });
  expect(coordinators).toEqual([
    { key: 'g', nodeId: 1, host: '127.0.0.1', port: 9092, errorCode: 0, errorMessage: '' },
  ]);
  broker.groups.stop();
});

test('a topic that cannot be made is a coordinator that is not there yet: clients try again', async () => {
  const broker = new GroupBroker();
  broker.offsetsTopicFails = true;
  const find = () => broker.send(FindCoordinator, 6, { coordinatorKeys: ['g'] });
  expect((await find()).coordinators[0]).toMatchObject({ nodeId: -1, errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE });
  broker.offsetsTopicFails = false;
  expect((await find()).coordinators[0]).toMatchObject({ nodeId: 1, errorCode: 0 });
  broker.groups.stop();
});

test("a broker that does not lead the group's partition says so", async () => {
  const broker = new GroupBroker();
  expect((await join(broker, 'g')).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  expect(await heartbeat(broker, 'g', 'm')).toBe(ErrorCode.NOT_COORDINATOR);
  expect(await commit(broker, 'g', 1)).toBe(ErrorCode.NOT_COORDINATOR);
  expect((await describe(broker, 'g')).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
});

test('a restart leaves groups, members, assignments and offsets as they were', async () => {
  const broker = new GroupBroker().start();
  const memberId = await stableGroup(broker, 'g');
  await commit(broker, 'g', 5, memberId, 1);
  await commit(broker, 'g', 6, memberId, 1);
  await commit(broker, 'simple', 7);
  const before = [await describe(broker, 'g'), await describe(broker, 'simple')];
  const offsets = [await committed(broker, 'g'), await committed(broker, 'simple')];
  expect(before.map((group) => group.groupState)).toEqual(['Stable', 'Empty']);
  expect(offsets[0][0].partitions[0]).toMatchObject({ committedOffset: 6, metadata: 'why' });

  broker.restart();
  expect([await describe(broker, 'g'), await describe(broker, 'simple')]).toEqual(before);
  expect([await committed(broker, 'g'), await committed(broker, 'simple')]).toEqual(offsets);
  // The member goes on without a rebalance, and only a whole session of silence ends it.
  await broker.clock.advance(9999);
  expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.NONE);
  await broker.clock.advance(10_000);
  expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  expect((await describe(broker, 'g')).groupState).toBe('Empty');

  // Deleted is deleted, also after a restart.
  await broker.send(DeleteGroups, 2, { groupsNames: ['g', 'simple'] });
  broker.restart();
  expect((await broker.send(ListGroups, 5, {})).groups).toEqual([]);
  expect(await committed(broker, 'g')).toEqual([]);
  broker.groups.stop();
});

test('a thousand heartbeats need no more timers than one', async () => {
  const broker = new GroupBroker().start();
  const memberId = await stableGroup(broker, 'g');
  const { waiting } = broker.clock;
  for (let i = 0; i < 1000; i++) {
    expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.NONE);
    if (i % 100 === 0) await broker.clock.advance(5000);
  }
  expect(broker.clock.waiting).toBe(waiting);
  await broker.clock.advance(10_000);
  expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('whoever waits is answered when the coordinator moves, and no timer stays', async () => {
  const broker = new GroupBroker().start();
  await stableGroup(broker, 'g');
  const waiting = join(broker, 'g', 2);
  await broker.clock.advance(0);
  broker.groups.onResign(broker.groups.partitionFor('g'));
  expect((await waiting).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  expect((await join(broker, 'g')).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('an older leadership than the one that is served changes nothing', async () => {
  const broker = new GroupBroker().start();
  const memberId = await stableGroup(broker, 'g');
  broker.groups.onLeader(broker.groups.partitionFor('g'), 0);
  expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.NONE);
  broker.groups.stop();
});

test('a partition that cannot be read has no coordinator, and the others have theirs', async () => {
  const broker = new GroupBroker().start();
  const partition = (groupId: string) => broker.groups.partitionFor(groupId);
  const [damaged, sound] = ['a', 'b'];
  expect(partition(damaged)).not.toBe(partition(sound));
  await commit(broker, damaged, 1);
  await commit(broker, sound, 1);
  broker.logOf(damaged).pieceRead = () => {
    throw new Error('the disk does not give what was written');
  };
  broker.restart();
  expect(await commit(broker, damaged, 2)).toBe(ErrorCode.NOT_COORDINATOR);
  expect(await commit(broker, sound, 2)).toBe(ErrorCode.NONE);
  broker.groups.stop();
});

test('a log that refuses is a coordinator that is elsewhere, and nothing changes', async () => {
  const broker = new GroupBroker().start();
  const log = broker.logOf('g');
  log.failing = ErrorCode.KAFKA_STORAGE_ERROR;
  expect((await join(broker, 'g')).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  expect(await commit(broker, 'g', 1)).toBe(ErrorCode.NOT_COORDINATOR);
  log.failing = ErrorCode.NOT_ENOUGH_REPLICAS;
  expect(await commit(broker, 'g', 1)).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  expect(await committed(broker, 'g')).toEqual([]);
  expect((await describe(broker, 'g')).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);

  log.failing = 0;
  const joining = join(broker, 'g');
  await broker.clock.advance(0);
  const { memberId } = await joining;
  log.failing = ErrorCode.KAFKA_STORAGE_ERROR;
  expect((await sync(broker, 'g', memberId)).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  expect((await describe(broker, 'g')).groupState).toBe('PreparingRebalance');
  log.failing = 0;
  const again = await join(broker, 'g', 1, memberId);
  expect((await sync(broker, 'g', memberId, again.generationId)).errorCode).toBe(ErrorCode.NONE);
  broker.groups.stop();
});

test('a commit is one batch, of every partition it names', async () => {
  const broker = new GroupBroker().start();
  const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, committedOffset: 1, committedMetadata: null }));
  await broker.send(OffsetCommit, 9, { groupId: 'g', memberId: '', topics: [{ name: 't1', partitions }] });
  expect(broker.logOf('g').batches).toHaveLength(1);
  broker.groups.stop();
});

test('a closed connection takes its dynamic members along where the broker evicts, and only there', async () => {
  const broker = new GroupBroker().start();
  const memberId = await stableGroup(broker, 'g', 7);
  broker.groups.connectionClosed(8, true);
  expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.NONE);
  broker.groups.connectionClosed(7, true);
  expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  expect((await describe(broker, 'g')).groupState).toBe('Empty');

  const other = await stableGroup(broker, 'other', 9);
  broker.groups.connectionClosed(9, false);
  expect(await heartbeat(broker, 'other', other)).toBe(ErrorCode.NONE);
  broker.groups.stop();
});

test('offsets of an empty group go a retention after it became empty, and the group with them', async () => {
  const broker = new GroupBroker().start();
  const memberId = await stableGroup(broker, 'g');
  await commit(broker, 'g', 5, memberId, 1);
  await broker.clock.advance(20_000); // the session is over
  await broker.clock.advance(WEEK_MS - 20_000);
  expect(await committed(broker, 'g')).toHaveLength(1);
  await broker.clock.advance(1_200_000);
  expect(await committed(broker, 'g')).toEqual([]);
  expect((await describe(broker, 'g')).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  broker.restart();
  expect((await describe(broker, 'g')).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  broker.groups.stop();
});

test('offsets of topics that a stable group reads do not expire; those of a simple group do, each from its commit', async () => {
  const broker = new GroupBroker({ 'group.max.session.timeout.ms': 2 * WEEK_MS }).start();
  const joining = broker.send(JoinGroup, 3, {
    groupId: 'g',
    memberId: '',
    sessionTimeoutMs: 2 * WEEK_MS - 1000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('0000000000010002743100000000', 'hex') }],
  });
  await broker.clock.advance(0);
  const { memberId } = await joining;
  await sync(broker, 'g', memberId);
  await commit(broker, 'g', 5, memberId, 1);
  await commit(broker, 'simple', 5);
  await broker.clock.advance(WEEK_MS + 600_000);
  expect(await committed(broker, 'g')).toHaveLength(1);
  expect(await committed(broker, 'simple')).toEqual([]);
  broker.groups.stop();
});

test('offsets of topics that no member reads any more can be deleted, and expire; those of the others do neither', async () => {
  const broker = new GroupBroker().start();
  const memberId = await stableGroup(broker, 'g'); // reads t1
  const t2 = { name: 't2', partitions: [{ partitionIndex: 0 }] };
  const commitBoth = () =>
    broker.groups.commitOffsets({
      groupId: 'g',
      memberId,
      groupInstanceId: null,
      generationId: 1,
      retentionTimeMs: -1,
      knowsEpochs: true,
      topics: ['t1', 't2'].map((name) => ({
        name,
        topicId: ZERO_UUID,
        partitions: [{ partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: null }],
      })),
    });
  const names = async () => (await committed(broker, 'g')).map(({ name }) => name);
  await commitBoth();
  expect(broker.groups.deleteOffsets('g', [t2, { ...t2, name: 't1' }])).toEqual({
    errorCode: 0,
    topics: [
      { name: 't2', partitions: [{ partitionIndex: 0, errorCode: 0 }] },
      { name: 't1', partitions: [{ partitionIndex: 0, errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC }] },
    ],
  });
  expect(await names()).toEqual(['t1']);

  await commitBoth();
  broker.config['offsets.retention.minutes'] = 0;
  broker.groups.expire();
  expect(await names()).toEqual(['t1']);
  broker.groups.stop();
});

test('a group of another kind than consumers keeps its offsets while it has members', async () => {
  const broker = new GroupBroker().start();
  const joining = broker.send(JoinGroup, 3, {
    groupId: 'g',
    memberId: '',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'connect',
    protocols: [{ name: 'p', metadata: Buffer.alloc(0) }],
  });
  await broker.clock.advance(0);
  const { memberId } = await joining;
  await sync(broker, 'g', memberId);
  await commit(broker, 'g', 5, memberId, 1);
  broker.config['offsets.retention.minutes'] = 0;
  broker.groups.expire();
  expect(await committed(broker, 'g')).toHaveLength(1);
  const deletion = await broker.send(OffsetDelete, 0, {
    groupId: 'g',
    topics: [{ name: 't1', partitions: [{ partitionIndex: 0 }] }],
  });
  expect(deletion.errorCode).toBe(ErrorCode.NON_EMPTY_GROUP);
  broker.groups.stop();
});

test("a retention of the client's own (before v5) counts instead of the broker's", async () => {
  const broker = new GroupBroker().start();
  await broker.send(OffsetCommit, 4, {
    groupId: 'g',
    memberId: '',
    retentionTimeMs: 1000,
    topics: [{ name: 't1', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
  });
  broker.restart();
  broker.groups.expire();
  expect(await committed(broker, 'g')).toHaveLength(1);
  await broker.clock.advance(1000);
  broker.groups.expire();
  expect(await committed(broker, 'g')).toEqual([]);
  broker.groups.stop();
});

test('offsets go with their topic', async () => {
  const broker = new GroupBroker().start();
  const memberId = await stableGroup(broker, 'g');
  await commit(broker, 'g', 5, memberId, 1);
  broker.groups.topicsDeleted([{ name: 'other', id: TOPIC_ID }]);
  expect(await committed(broker, 'g')).toHaveLength(1);
  broker.groups.topicsDeleted([{ name: 't1', id: TOPIC_ID }]);
  expect(await committed(broker, 'g')).toEqual([]);
  broker.restart();
  expect(await committed(broker, 'g')).toEqual([]);
  broker.groups.stop();
});

test('a group that is larger than allowed when it is read joins anew', async () => {
  const broker = new GroupBroker().start();
  const joining = [join(broker, 'g'), join(broker, 'g')];
  await broker.clock.advance(0);
  const [{ memberId }] = await Promise.all(joining);
  await sync(broker, 'g', memberId);
  broker.config['group.max.size'] = 1;
  broker.restart();
  expect(await heartbeat(broker, 'g', memberId)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  broker.groups.stop();
});

test('the error of the one member that leaves is the answer before v3', async () => {
  const broker = new GroupBroker().start();
  await stableGroup(broker, 'g');
  expect((await broker.send(LeaveGroup, 2, { groupId: 'g', memberId: 'm' })).errorCode).toBe(
    ErrorCode.UNKNOWN_MEMBER_ID,
  );
  broker.groups.stop();
});
