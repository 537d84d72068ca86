import { expect, test, vi } from 'vitest';
import * as tables from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { CoordinatorShard } from '../../src/coordination/coordinator-shard.ts';
import { nextTurn } from '../../src/platform/clock.ts';
import { seededRandom } from '../../src/platform/random.ts';
import type { MemoryLog } from '../coordination/memory-log.ts';
import { GroupBroker, TOPIC_ID } from './group-broker.ts';

const { ConsumerGroupDescribe, ConsumerGroupHeartbeat, DeleteGroups, DescribeGroups, Heartbeat, JoinGroup } = tables;
const { LeaveGroup, ListGroups, OffsetCommit, OffsetDelete, OffsetFetch, SyncGroup } = tables;
const NOT_COORDINATOR = ErrorCode.NOT_COORDINATOR;

/** What a request is answered, as far as it is. */
class Asked<T> {
  answer: T | 'waits' = 'waits';

  constructor(answer: Promise<T>) {
    void answer.then((value) => (this.answer = value));
  }
}

function join(broker: GroupBroker, groupId: string, memberId = '', groupInstanceId: string | null = null) {
  const protocols = [{ name: 'range', metadata: Buffer.from('0000000000010002743100000000', 'hex') }];
  const times = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
  const version = groupInstanceId === null ? 3 : 5;
  return broker.send(JoinGroup, version, {
    groupId,
    memberId,
    groupInstanceId,
    ...times,
    protocolType: 'consumer',
    protocols,
  });
}

function sync(broker: GroupBroker, groupId: string, memberId: string, generationId = 1) {
  const assignments = [{ memberId, assignment: Buffer.from('all') }];
  return broker.send(SyncGroup, 4, { groupId, memberId, generationId, assignments });
}

function commit(broker: GroupBroker, groupId: string, committedOffset: number, version = 9) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }];
  return broker
    .send(OffsetCommit, version, { groupId, memberId: '', topics: [{ name: 't1', topicId: TOPIC_ID, partitions }] })
    .then(({ topics }) => topics[0].partitions[0].errorCode);
}

/** -1 for none; minus the error of the group, less 100. */
function fetched(broker: GroupBroker, groupId: string) {
  return broker
    .send(OffsetFetch, 9, { groups: [{ groupId, topics: [{ name: 't1', partitionIndexes: [0] }] }] })
    .then(({ groups: [{ errorCode, topics }] }) =>
      errorCode === ErrorCode.NONE ? topics[0].partitions[0].committedOffset : -100 - errorCode,
    );
}

test('members are told of a generation once its record is committed', async () => {
  const broker = new GroupBroker().start();
  const log = broker.logOf('g');
  log.isHeld = true;
  const joining = new Asked(join(broker, 'g'));
  await broker.clock.advance(1);
  expect(joining.answer).toBe('waits'); // the record of the new group
  log.commit();
  await nextTurn();
  const { memberId } = joining.answer as Exclude<typeof joining.answer, 'waits'>;
  const syncing = new Asked(sync(broker, 'g', memberId));
  const beating = new Asked(broker.send(Heartbeat, 4, { groupId: 'g', memberId, generationId: 1 }));
  const describing = new Asked(broker.send(DescribeGroups, 5, { groups: ['g'] }));
  const listing = new Asked(broker.send(ListGroups, 5, {}));
  await nextTurn();
  for (const { answer } of [syncing, beating, describing, listing]) expect(answer).toBe('waits');
  log.commit();
  await nextTurn();
  expect(syncing.answer).toMatchObject({ errorCode: 0, assignment: Buffer.from('all') });
  expect(beating.answer).toMatchObject({ errorCode: 0 });
  expect(describing.answer).toMatchObject({ groups: [{ errorCode: 0, groupState: 'Stable' }] });
  expect(listing.answer).toMatchObject({ errorCode: 0, groups: [{ groupId: 'g', groupState: 'Stable' }] });
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a member whose generation is not committed in time is told so, and gets its assignment when it asks again', async () => {
  const broker = new GroupBroker().start();
  const { memberId } = await joined(broker, 'g');
  const log = broker.logOf('g');
  log.isHeld = true;
  const syncing = new Asked(sync(broker, 'g', memberId));
  await broker.clock.advance(5000);
  expect(syncing.answer).toMatchObject({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, assignment: Buffer.alloc(0) });
  const again = new Asked(sync(broker, 'g', memberId));
  log.commit();
  await nextTurn();
  expect(again.answer).toMatchObject({ errorCode: 0, assignment: Buffer.from('all') });
  broker.groups.stop();
});

async function joined(broker: GroupBroker, groupId: string) {
  const joining = join(broker, groupId);
  await broker.clock.advance(1);
  return joining;
}

test('every request that has written waits for its record, and is told NOT_COORDINATOR where the leadership goes', async () => {
  const broker = new GroupBroker().start();
  const { memberId } = await joined(broker, 'g');
  await sync(broker, 'g', memberId);
  await commit(broker, 'h', 1);
  const log = broker.logOf('g');
  const writes = (): [string, Promise<unknown>][] => [
    ['consumer heartbeat', heartbeat(broker, 'c')],
    ['leave', broker.send(LeaveGroup, 4, { groupId: 'g', members: [{ memberId }] })],
    ['delete offsets', deleteOffsets(broker, 'h')],
    ['commit', commit(broker, 'h', 2)],
    ['delete group', broker.send(DeleteGroups, 2, { groupsNames: ['h'] })],
    [
      'describe consumer group',
      broker.send(ConsumerGroupDescribe, 1, { groupIds: ['c'], includeAuthorizedOperations: false }),
    ],
    ['fetch', fetched(broker, 'h')],
  ];
  for (const each of broker.logs) each.isHeld = true;
  const asked = writes().map(([name, answer]) => [name, new Asked(answer)] as const);
  await nextTurn();
  for (const [name, { answer }] of asked) expect([name, answer]).toEqual([name, 'waits']);
  broker.logs.forEach((_log, index) => broker.groups.onResign(index));
  await nextTurn();
  for (const [, { answer }] of asked) expect(JSON.stringify(answer)).toMatch(/\b1?16\b/);
  for (const each of broker.logs) each.lose(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  for (const each of broker.logs) each.isHeld = false;
  broker.logs.forEach((_log, index) => broker.groups.onLeader(index, 2));
  expect(log.waiting).toBe(0);
  expect(await fetched(broker, 'h')).toBe(1);
  expect(await broker.send(DescribeGroups, 5, { groups: ['g'] })).toMatchObject({
    groups: [{ groupState: 'Stable', members: [{ memberId }] }],
  });
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

function heartbeat(broker: GroupBroker, groupId: string) {
  const joining = { memberEpoch: 0, rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t1'], topicPartitions: [] };
  return broker.send(ConsumerGroupHeartbeat, 1, { groupId, memberId: 'm', ...joining });
}

function deleteOffsets(broker: GroupBroker, groupId: string) {
  return broker.send(OffsetDelete, 0, { groupId, topics: [{ name: 't1', partitions: [{ partitionIndex: 0 }] }] });
}

test('members that wait for each other are told NOT_COORDINATOR once, whatever the log says later', async () => {
  const broker = new GroupBroker({ 'group.initial.rebalance.delay.ms': 3000 }).start();
  const log = broker.logOf('g');
  log.isHeld = true;
  const [one, two] = [new Asked(join(broker, 'g')), new Asked(join(broker, 'g'))];
  await nextTurn();
  broker.groups.onResign(broker.groups.partitionFor('g'));
  await nextTurn();
  expect(one.answer).toMatchObject({ errorCode: NOT_COORDINATOR });
  expect(two.answer).toMatchObject({ errorCode: NOT_COORDINATOR });
  log.commit();
  await nextTurn();
  expect(broker.clock.waiting).toBe(1); // the check for expired offsets
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a static member takes its place back once that is committed', async () => {
  const broker = new GroupBroker().start();
  const joining = join(broker, 'g', '', 'i');
  await broker.clock.advance(1);
  const { memberId } = await joining;
  await sync(broker, 'g', memberId);
  const log = broker.logOf('g');
  log.isHeld = true;
  const again = new Asked(join(broker, 'g', '', 'i'));
  await nextTurn();
  expect(again.answer).toBe('waits');
  log.commit();
  await nextTurn();
  expect(again.answer).toMatchObject({ errorCode: 0, generationId: 1 });
  broker.groups.stop();
});

test('an answer without anything to wait for is there in the same tick', async () => {
  const broker = new GroupBroker().start();
  await commit(broker, 'h', 1);
  const request = { groupId: 'h', memberId: '', groupInstanceId: null, generationId: -1, retentionTimeMs: -1 };
  expect(broker.groups.commitOffsets({ ...request, knowsEpochs: true, topics: [] })).toEqual([]);
  expect(broker.groups.heartbeat({ ...request, memberId: 'x', generationId: 1 })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  expect(broker.groups.deleteGroup('h')).toBe(ErrorCode.NONE);
  broker.groups.stop();
});

/** As a machine on which each look at the clock finds 3 ms gone: a slice is a few pieces. */
function slowly(broker: GroupBroker): void {
  const { clock } = broker;
  const monotonic = clock.monotonic.bind(clock);
  let workedMs = 0;
  clock.monotonic = () => monotonic() + (workedMs += 3);
}

test('offsets expire in slices, and those committed meanwhile stay', async () => {
  const broker = new GroupBroker({ 'offsets.topic.num.partitions': 1, 'offsets.retention.minutes': 1 }).start();
  const groups = Array.from({ length: 1000 }, (_, i) => `g${i}`);
  for (const groupId of groups) await commit(broker, groupId, 1);
  await broker.clock.advance(60_000);
  slowly(broker);
  broker.groups.expire();
  expect(await fetched(broker, 'g0')).toBe(-1);
  expect(await fetched(broker, 'g999')).toBe(1);
  expect(await commit(broker, 'g999', 2)).toBe(ErrorCode.NONE);
  await broker.clock.advance(1000);
  for (const groupId of groups.slice(0, -1)) expect(await fetched(broker, groupId)).toBe(-1);
  expect(await fetched(broker, 'g999')).toBe(2);
  expect((await broker.send(ListGroups, 5, {})).groups.map(({ groupId }) => groupId)).toEqual(['g999']);
  broker.restart();
  await broker.clock.advance(1000);
  expect(await fetched(broker, 'g999')).toBe(2);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('the next check for expired offsets comes after the last one has ended', async () => {
  const broker = new GroupBroker({
    'offsets.topic.num.partitions': 1,
    'offsets.retention.minutes': 1,
    'offsets.retention.check.interval.ms': 60_000,
  }).start();
  for (let i = 0; i < 300; i++) await commit(broker, `g${i}`, 1);
  slowly(broker);
  await broker.clock.advance(10 * 60_000);
  expect((await broker.send(ListGroups, 5, {})).groups).toEqual([]);
  expect(broker.clock.waiting).toBe(1);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('offsets of a deleted topic go in slices, and those of a new topic of the same name stay', async () => {
  const broker = new GroupBroker({ 'offsets.topic.num.partitions': 1 }).start();
  for (let i = 0; i < 3000; i++) await commit(broker, `g${i}`, 1);
  slowly(broker);
  broker.setTopic('t1', 0);
  const otherId = Buffer.from('another t1 topic').toString('base64url');
  broker.setTopic('t1', 1, otherId);
  const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }];
  const topics = [{ name: 't1', topicId: otherId, partitions }];
  await broker.send(OffsetCommit, 10, { groupId: 'g2999', memberId: '', topics });
  expect(await fetched(broker, 'g2998')).toBe(1);
  await broker.clock.advance(100);
  expect(await fetched(broker, 'g0')).toBe(-1);
  expect(await fetched(broker, 'g2998')).toBe(-1);
  expect(await fetched(broker, 'g2999')).toBe(7);
  broker.groups.stop();
});

/**
 * Commits, reads and deletions by a seed, on a log that commits a part of what it has, late, and loses the rest whenever the
 * leadership moves. Whatever was answered counts: an offset that was acknowledged or read never goes back.
 */
class MovingWorld {
  readonly broker = new GroupBroker({ 'offsets.topic.num.partitions': 1 }).start();
  readonly log: MemoryLog = this.broker.logOf('g');
  readonly #random;
  readonly #known = new Map<string, number>();
  #offset = 0;
  #epoch = 1;
  readonly faults: string[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.log.isHeld = true;
  }

  async run(steps: number): Promise<readonly string[]> {
    for (let i = 0; i < steps; i++) {
      this.#step();
      await nextTurn();
    }
    this.log.commit();
    await nextTurn();
    for (const groupId of ['g', 'h']) this.#hear(groupId, await fetched(this.broker, groupId), 'read at the end');
    this.broker.groups.stop();
    return this.faults;
  }

  #step(): void {
    const dice = this.#random.float();
    const groupId = this.#random.float() < 0.5 ? 'g' : 'h';
    if (dice < 0.4) {
      const offset = ++this.#offset;
      void this.#commit(groupId, offset);
    } else if (dice < 0.7) {
      const atLeast = this.#known.get(groupId) ?? -1;
      void fetched(this.broker, groupId).then((offset) => this.#hear(groupId, offset, 'read', atLeast));
    } else if (dice < 0.9) {
      const from = this.log.committedTo;
      this.log.commit(from + Math.ceil(this.#random.float() * (this.log.batches.length - from)));
    } else this.#move();
  }

  async #commit(groupId: string, offset: number): Promise<void> {
    const errorCode = await commit(this.broker, groupId, offset);
    if (errorCode === ErrorCode.NONE) this.#known.set(groupId, Math.max(offset, this.#known.get(groupId) ?? -1));
  }

  /** Another leader, without what was not committed; then this broker again. */
  #move(): void {
    if (this.#random.float() < 0.5) this.broker.groups.onResign(0);
    this.log.lose(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    this.broker.groups.onResign(0);
    this.broker.groups.onLeader(0, ++this.#epoch);
  }

  #hear(groupId: string, offset: number, what: string, atLeast = this.#known.get(groupId) ?? -1): void {
    if (offset <= -100) return; // an error
    if (offset < atLeast) this.faults.push(`${groupId}: ${what} ${offset} after ${atLeast} was known`);
    this.#known.set(groupId, Math.max(offset, this.#known.get(groupId) ?? -1));
  }
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

test.each(SEEDS)('what was answered stays when the leadership moves, seed %i', async (seed) => {
  expect(await new MovingWorld(seed).run(400)).toEqual([]);
});

test('a coordinator that answers before the commit is caught', async () => {
  const answering = vi.spyOn(CoordinatorShard.prototype, 'answer').mockImplementation((response) => response);
  const faults = await Promise.all(SEEDS.map((seed) => new MovingWorld(seed).run(400)));
  answering.mockRestore();
  expect(faults.filter((each) => each.length > 0).length).toBeGreaterThan(0);
});
