import { afterEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { PendingWaits } from '../../src/apis/pending-waits.ts';
import { deleteRecordsBefore } from '../../src/partitions/delete-records.ts';
import { batchesOf, GROUP, QueueBroker, TOPIC } from './queue-broker.ts';

const LOCK_MS = 30_000;
let broker = new QueueBroker();

afterEach(async () => {
  await broker.stop();
  broker = new QueueBroker();
});

describe('locks', () => {
  test('run out, and what they held is handed to whoever waits', async () => {
    await (await broker.start()).begin();
    broker.produce(['a', 'b']);
    const [first, second] = [broker.member('first'), broker.member('second')];
    expect(await first.fetch()).toBe('0-1x1');
    const waiting = second.fetch({ maxWaitMs: 60_000 });
    await broker.clock.advance(LOCK_MS - 1);
    expect(await first.acknowledge(0, 0, 1)).toBe(ErrorCode.NONE);
    await broker.clock.advance(1);
    expect(await waiting).toBe('1-1x2');
    expect(await first.acknowledge(1, 1, 1)).toBe(ErrorCode.INVALID_RECORD_STATE);
    expect(await second.acknowledge(1, 1, 1)).toBe(ErrorCode.NONE);
    expect(broker.startOffset).toBe(2);
  });

  test('are one timer a partition, and none where nothing is locked', async () => {
    await (await broker.start()).begin();
    const before = broker.clock.waiting;
    broker.produce(['a', 'b', 'c', 'd']);
    const member = broker.member('m');
    await member.fetch();
    expect(broker.clock.waiting).toBe(before + 1);
    await member.acknowledge(1, 2, 1);
    expect(broker.clock.waiting).toBeLessThanOrEqual(before + 2); // and the state's upkeep
    await member.acknowledge(0, 3, 1, 1, 1, 1).catch(() => {});
    await member.acknowledge(0, 0, 1);
    await member.acknowledge(3, 3, 1);
    expect(broker.clock.waiting).toBeLessThanOrEqual(before + 1);
  });

  test('archive a record that runs out for the last time', async () => {
    await (await broker.start()).begin({ 'share.delivery.count.limit': '2' });
    broker.produce(['a']);
    const member = broker.member('m');
    expect(await member.fetch()).toBe('0-0x1');
    await broker.clock.advance(LOCK_MS);
    expect(await member.fetch()).toBe('0-0x2');
    await broker.clock.advance(LOCK_MS);
    expect(await member.fetch()).toBe('');
    expect(broker.startOffset).toBe(1);
  });
});

describe('a fetch that waits', () => {
  test('is woken by a produce, a release, a disconnect, and the end of its time', async () => {
    await (await broker.start()).begin();
    const [first, second] = [broker.member('first'), broker.member('second')];
    const produced = first.fetch({ maxWaitMs: 1000 });
    await broker.clock.advance(1);
    broker.produce(['a', 'b']);
    expect(await produced).toBe('0-1x1');
    const released = second.fetch({ maxWaitMs: 1000 });
    await broker.clock.advance(1);
    await first.acknowledge(0, 0, 2);
    expect(await released).toBe('0-0x2');
    const left = second.fetch({ maxWaitMs: 1000 });
    await broker.clock.advance(1);
    first.disconnect();
    expect(await left).toBe('1-1x2');
    const over = second.fetch({ maxWaitMs: 1000 });
    await broker.clock.advance(1000);
    expect(await over).toBe('');
  });

  test('is given nothing when its own connection has ended', async () => {
    await (await broker.start()).begin();
    const [first, second] = [broker.member('first'), broker.member('second')];
    const waiting = first.fetch({ maxWaitMs: 60_000 });
    await broker.clock.advance(1);
    first.disconnect();
    expect(await waiting).toBe('');
    broker.produce(['a']);
    expect(await second.fetch()).toBe('0-0x1');
  });

  test('is given nothing when its session has ended', async () => {
    await (await broker.start()).begin();
    const [first, second] = [broker.member('first'), broker.member('second')];
    await second.fetch();
    const waiting = first.fetch({ maxWaitMs: 60_000 });
    await broker.clock.advance(1);
    await first.close();
    broker.produce(['a']);
    expect(await waiting).toBe('');
    expect(await second.fetch()).toBe('0-0x1');
  });

  test('is served through whichever connection it came', async () => {
    await (await broker.start()).begin();
    const member = broker.member('m');
    await member.fetch();
    const waiting = member.fetch({ maxWaitMs: 60_000, connectionId: 99 });
    await broker.clock.advance(1);
    broker.produce(['a']);
    expect(await waiting).toBe('0-0x1');
    await member.acknowledge(0, 0, 2);
    const waits = new PendingWaits();
    const gone = member.fetch({
      maxWaitMs: 60_000,
      minBytes: 1000,
      connectionId: 100,
      whenEnded: (run) => waits.whenEnded(run),
      waits: (cancel) => waits.add(cancel),
    });
    await broker.clock.advance(1);
    waits.end();
    expect(await gone).toBe('');
    expect(await member.fetch()).toBe('0-0x2');
  });
});

test('who waits is asked where there is something to acquire, and not otherwise', async () => {
  await (await broker.start()).begin({ 'share.partition.max.record.locks': '100' });
  broker.produce(Array.from({ length: 100 }, () => 'a'));
  broker.produce(['b']);
  const member = broker.member('m');
  expect(await member.fetch()).toBe('0-99x1');
  let asked = 0;
  broker.parts.share.loaded!.partitions.of(GROUP)[0].waiters.add({ wake: () => asked++ });
  await member.acknowledge(1, 99, 1);
  expect(asked).toBe(0);
  await member.acknowledge(0, 0, 1); // there is room for the next
  expect(asked).toBe(1);
  expect(await member.fetch()).toBe('100-100x1');
  await member.acknowledge(100, 100, 2);
  expect(asked).toBe(2);
  expect(await member.fetch()).toBe('100-100x2');
  await broker.clock.advance(LOCK_MS);
  expect(asked).toBeGreaterThan(2);
});

test('a connection that ends while state is read leaves nothing behind', async () => {
  await (await broker.start()).begin();
  broker.produce(['a']);
  const { sessions, partitions, state } = broker.parts.share.loaded!;
  const read = state.read.bind(state);
  state.read = async (...asked) => read(...asked);
  const member = broker.member('gone');
  const fetched = member.fetch({ maxWaitMs: 60_000 });
  member.disconnect();
  expect(await fetched).toBe('');
  expect([sessions.size, partitions.of(GROUP)]).toEqual([0, []]);
  expect(await broker.member('m').fetch()).toBe('0-0x1');
});

test('a fetch whose connection has ended before it is looked at is given nothing, and leaves no session', async () => {
  await (await broker.start({ 'group.share.max.share.sessions': '1' })).begin();
  broker.produce(['a']);
  const [first, second] = [broker.member('first'), broker.member('second')];
  first.disconnect();
  expect(await first.fetch()).toBe('');
  expect(await second.fetch()).toBe('0-0x1');
});

test('what a member holds when it closes its session is handed on at once', async () => {
  await (await broker.start()).begin();
  broker.produce(['a', 'b']);
  const [first, second] = [broker.member('first'), broker.member('second')];
  await first.fetch();
  expect(await second.fetch()).toBe('');
  await first.close();
  expect(await second.fetch()).toBe('0-1x2');
});

test('a group that nobody fetches for leaves memory, and goes on where it was', async () => {
  await (await broker.start()).begin();
  broker.produce(['a', 'b', 'c']);
  const member = broker.member('m');
  await member.fetch();
  await member.acknowledge(0, 2, 1, 2, 1);
  await member.close();
  expect(broker.parts.share.loaded!.partitions.of(GROUP)).toEqual([]);
  expect(await broker.member('m').fetch()).toBe('1-1x2');
});

test('a restart forgets who holds what, and nothing else', async () => {
  await (await broker.start()).begin();
  broker.produce(['a', 'b', 'c', 'd']);
  const member = broker.member('m');
  await member.fetch();
  await member.acknowledge(0, 1, 1, 2);
  expect(await member.fetch()).toBe('1-1x2');
  await broker.stop();
  await broker.start();
  const again = broker.member('m');
  expect(await again.fetch()).toBe('1-1x2 2-3x1');
});

test('a group that begins at the end keeps its beginning over a restart', async () => {
  await broker.start();
  await broker.begin({ 'share.auto.offset.reset': 'latest' });
  broker.produce(['before']);
  const member = broker.member('m');
  expect(await member.fetch()).toBe('');
  broker.produce(['a']);
  expect(await member.fetch()).toBe('1-1x1');
  await broker.stop();
  await broker.start();
  broker.produce(['b']);
  expect(await broker.member('m').fetch()).toBe('1-2x1');
});

test('records that are deleted under a group are nobody waits for', async () => {
  await (await broker.start()).begin();
  broker.produce(['a', 'b', 'c']);
  broker.produce(['d', 'e']);
  const member = broker.member('m');
  expect(await member.fetch({ maxRecords: 1 })).toBe('0-2x1');
  await member.acknowledge(0, 1, 2);
  deleteRecordsBefore(broker.partition, 4);
  expect(await member.fetch()).toBe('4-4x1');
  expect(await member.acknowledge(2, 2, 1)).toBe(ErrorCode.NONE);
  expect(await member.acknowledge(4, 4, 1)).toBe(ErrorCode.NONE);
  expect(broker.startOffset).toBe(5);
});

test('read_committed hands out no record of a transaction that goes on or was aborted', async () => {
  await (await broker.start()).begin({ 'share.isolation.level': 'read_committed' });
  const inTransaction = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  broker.produce(['plain']);
  broker.produce(['aborted', 'too'], inTransaction);
  broker.produce(['between']);
  const member = broker.member('m');
  expect(await member.fetch()).toBe('0-0x1');
  const marker = { producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, transactionVersion: 1, timestamp: 0 };
  broker.partition.appendMarker({ ...marker, committed: false });
  const answer = await member.ask();
  expect(answer.partitions[0].records!.acquired.map(({ first, last }) => [first, last])).toEqual([[3, 4]]);
  expect(batchesOf(answer)).toBe('3-3 4-4');
  await member.acknowledge(0, 0, 1);
  await member.acknowledge(3, 4, 1, 0);
  expect(broker.startOffset).toBe(5);
});

test('a partition that is acknowledged twice in one request costs nobody what they hold', async () => {
  await (await broker.start()).begin();
  broker.produce(['a', 'b', 'c']);
  const member = broker.member('m');
  await member.fetch();
  const id = { topicId: broker.topicId, partition: 0 };
  const ack = (lastOffset: number) => ({ firstOffset: 0, lastOffset, acknowledgeTypes: [1] });
  const answer = await member.ask({ partitions: [0, 1].map((last) => ({ ...id, acks: [ack(last)] })) });
  expect(answer.partitions.map(({ acknowledgeErrorCode }) => acknowledgeErrorCode)).toEqual([ErrorCode.NONE]);
  expect(broker.startOffset).toBe(2);
  expect(await member.acknowledge(2, 2, 1)).toBe(ErrorCode.NONE);
});

test('a refused write fails the acknowledgement, and the records stay with their member until the lock runs out', async () => {
  await (await broker.start()).begin();
  broker.produce(['a']);
  const member = broker.member('m');
  await member.fetch();
  const { state } = broker.parts.share.loaded!;
  const write = state.write.bind(state);
  state.write = () => [{ errorCode: ErrorCode.NOT_COORDINATOR, errorMessage: null }];
  expect(await member.acknowledge(0, 0, 1)).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  state.write = write;
  expect(await broker.member('other').fetch()).toBe('');
  expect(await member.acknowledge(0, 0, 1)).toBe(ErrorCode.NONE);
  expect(broker.startOffset).toBe(1);
});

test('a lock that runs out while its acknowledgement is written runs out when that fails', async () => {
  await (await broker.start()).begin();
  broker.produce(['a']);
  const member = broker.member('m');
  await member.fetch();
  const { state } = broker.parts.share.loaded!;
  const write = state.write.bind(state);
  let end: (errorCode: number) => void = () => {};
  state.write = () => new Promise((resolve) => (end = (errorCode) => resolve([{ errorCode, errorMessage: null }])));
  const acknowledged = member.acknowledge(0, 0, 1);
  await broker.clock.advance(LOCK_MS);
  expect(await member.acknowledge(0, 0, 1)).toBe(ErrorCode.INVALID_RECORD_STATE);
  state.write = write;
  end(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  expect(await acknowledged).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  await broker.clock.advance(1);
  expect(await broker.member('other').fetch()).toBe('0-0x2');
});

test('retries are put off, doubled with each delivery up to the most, and hold nobody else up', async () => {
  await (
    await broker.start()
  ).begin({
    'ottla.share.retry.backoff.ms': '100',
    'ottla.share.retry.backoff.max.ms': '150',
  });
  broker.produce(['a']);
  broker.produce(['b']);
  const member = broker.member('m');
  expect(await member.fetch({ maxRecords: 1, batchSize: 1 })).toBe('0-0x1');
  await member.acknowledge(0, 0, 2);
  expect(await member.fetch()).toBe('1-1x1');
  const waiting = member.fetch({ maxWaitMs: 1000 });
  await broker.clock.advance(99);
  await broker.clock.advance(1);
  expect(await waiting).toBe('0-0x2');
  await member.acknowledge(0, 0, 2);
  await broker.clock.advance(149);
  expect(await member.fetch()).toBe('');
  await broker.clock.advance(1);
  expect(await member.fetch()).toBe('0-0x3');
});

test('what is released at one time and another is one run again', async () => {
  await (await broker.start()).begin();
  broker.produce(['a', 'b', 'c']);
  const member = broker.member('m');
  await member.fetch();
  await member.acknowledge(0, 0, 2);
  await broker.clock.advance(5);
  await member.acknowledge(1, 2, 2);
  const { runs } = broker.parts.share.loaded!.partitions.of(GROUP)[0].inFlight;
  expect(runs).toMatchObject([{ first: 0, last: 2, availableAt: 0 }]);
});

test('there are as many sessions as the configuration says, and no more', async () => {
  await (await broker.start({ 'group.share.max.share.sessions': '1' })).begin();
  const [first, second] = [broker.member('first'), broker.member('second')];
  await first.fetch();
  const refused = second.fetch({ maxWaitMs: 500 });
  await broker.clock.advance(500);
  expect(await refused).toBe(`error ${ErrorCode.SHARE_SESSION_LIMIT_REACHED}`);
  await first.close();
  expect(await broker.member('second').fetch()).toBe('');
});

test('sessions remember so many partitions together, and no more', async () => {
  await (await broker.start()).begin();
  const { sessions } = broker.parts.share.loaded!;
  const { topicId } = broker;
  const idsFrom = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ topicId, partition: first + i, acks: [] }));
  const [first, second] = [broker.member('first'), broker.member('second')];
  await first.fetch({ partitions: idsFrom(0, 150_000) });
  const refused = second.fetch({ partitions: idsFrom(0, 50_001), maxWaitMs: 500 });
  await broker.clock.advance(500);
  expect(await refused).toBe(`error ${ErrorCode.SHARE_SESSION_LIMIT_REACHED}`);
  expect(sessions.size).toBe(1);
  await first.fetch({ forgotten: idsFrom(1, 149_999) });
  expect(await broker.member('second').fetch()).toBe('');
  const grown = first.fetch({ partitions: idsFrom(1, 200_000), maxWaitMs: 500 });
  await broker.clock.advance(500);
  expect(await grown).toBe(`error ${ErrorCode.SHARE_SESSION_LIMIT_REACHED}`);
  expect(sessions.size).toBe(1);
});

test('a state that a later leader has written is said once in each leader epoch, and kept from this leader until its offsets are deleted', async () => {
  await (await broker.start()).begin();
  broker.produce(['a']);
  const { state } = broker.parts.share.loaded!;
  const id = { topicId: broker.topicId, partition: 0 };
  const ahead = { stateEpoch: 1, leaderEpoch: broker.partition.leaderEpoch + 5, startOffset: 0 };
  await state.write(GROUP, [{ ...id, ...ahead, deliveryCompleteCount: 0, stateBatches: [] }]);
  const member = broker.member('m');
  for (let i = 0; i < 3; i++) expect(await member.fetch()).toBe(`error ${ErrorCode.NOT_LEADER_OR_FOLLOWER}`);
  expect(broker.warnings).toEqual(['share.state-of-later-leader']);
  const { partition } = broker;
  partition.lead({ leaderEpoch: partition.leaderEpoch + 1, replicas: 1, inSyncReplicas: 1 });
  for (let i = 0; i < 3; i++) expect(await member.fetch()).toBe(`error ${ErrorCode.NOT_LEADER_OR_FOLLOWER}`);
  expect(broker.warnings).toHaveLength(2);
  await state.delete(GROUP, [id]);
  await state.initialize(GROUP, [{ ...id, stateEpoch: 2, startOffset: -1 }]);
  expect(await member.fetch()).toBe('0-0x1');
});

test('nothing of a deleted topic survives when it is made again', async () => {
  await (await broker.start()).begin();
  broker.produce(['a']);
  const member = broker.member('m');
  expect(await member.fetch()).toBe('0-0x1');
  await broker.parts.controller.deleteTopics([{ name: null, topicId: broker.topicId }]);
  await broker.topic(TOPIC);
  expect(await member.acknowledge(0, 0, 1)).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  expect(await member.fetch()).toBe(`error ${ErrorCode.UNKNOWN_TOPIC_ID}`);
});
