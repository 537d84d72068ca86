import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { FollowerLog } from '../../src/partitions/follower-log.ts';
import type { Partition } from '../../src/partitions/partition.ts';
import type { Receipt } from '../../src/partitions/receipt.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { SlowDisk } from '../log/slow-disk.ts';
import { PartitionsFixture, topicId } from './partitions-fixture.ts';

let disk: SlowDisk;
let fixture: PartitionsFixture;
let orders: Partition;

function open(config: Parameters<PartitionsFixture['apply']>[3] = {}): void {
  disk.isSlow = false;
  fixture.apply('orders', topicId(0), 1, config);
  orders = fixture.partition('orders');
  disk.isSlow = true;
  disk.begun = 0;
}

beforeEach(() => {
  disk = new SlowDisk();
  fixture = new PartitionsFixture(disk);
});

function append(...values: string[]): Receipt {
  const receipt = fixture.produceValues(orders, ...values);
  fixture.partitions.settle();
  return receipt;
}

/** A follower asks for what comes from `endOffset` on. */
function fetchedBy(followerId: number, endOffset: number): boolean {
  return orders.noteFollowerFetch({ followerId, endOffset, brokerEpoch: -1 });
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What a promise of an error code has come to. */
function watch(outcome: number | Promise<number>) {
  const seen: { code: number | 'waits' } = { code: 'waits' };
  if (typeof outcome === 'number') seen.code = outcome;
  else void outcome.then((code) => (seen.code = code));
  return seen;
}

function waiterAt(waiters: Partition['consumers']) {
  const waiter = { woken: 0, wake: () => void waiter.woken++ };
  waiters.add(waiter);
  return waiter;
}

describe('with one replica and no flush.messages', () => {
  test('an append is committed the moment it is written, and no promise is made', () => {
    open();
    const receipt = append('a', 'b');
    expect(receipt).toMatchObject({ baseOffset: 0, lastOffset: 1, leaderEpoch: 0, errorCode: ErrorCode.NONE });
    expect([orders.flushed(receipt), orders.committed(receipt, 0), orders.commitsAtOnce]).toEqual([0, 0, true]);
    expect([orders.highWatermark, disk.begun]).toEqual([2, 0]);
  });
});

describe('with flush.messages', () => {
  test('nothing is read or acknowledged that a power failure could take: the high watermark follows the disk', async () => {
    open({ flushMessages: 1 });
    const consumer = waiterAt(orders.consumers);
    const receipt = append('a');
    const outcomes = [watch(orders.flushed(receipt)), watch(orders.committed(receipt, 1000))];
    await turn();
    expect([orders.highWatermark, orders.lastStableOffset, consumer.woken]).toEqual([0, 0, 0]);
    expect(outcomes.map(({ code }) => code)).toEqual(['waits', 'waits']);
    await disk.finishSync();
    expect([orders.highWatermark, orders.lastStableOffset, consumer.woken]).toEqual([1, 1, 1]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  });

  test('appends that come during a sync share the next', async () => {
    open({ flushMessages: 1 });
    const first = watch(orders.flushed(append('a')));
    const others = ['b', 'c', 'd'].map((value) => watch(orders.flushed(append(value))));
    await disk.finishSync();
    expect([first.code, ...others.map(({ code }) => code), orders.highWatermark]).toEqual([
      0,
      'waits',
      'waits',
      'waits',
      1,
    ]);
    await disk.finishSync();
    expect([...others.map(({ code }) => code), orders.highWatermark, disk.begun]).toEqual([0, 0, 0, 4, 2]);
  });

  test('of three, the third waits for the disk and holds back what comes behind it', async () => {
    open({ flushMessages: 3 });
    expect([orders.flushed(append('a')), orders.flushed(append('b')), orders.highWatermark]).toEqual([0, 0, 2]);
    const third = watch(orders.flushed(append('c')));
    const fourth = watch(orders.flushed(append('d')));
    await turn();
    expect([third.code, fourth.code, orders.highWatermark]).toEqual(['waits', 'waits', 2]);
    await disk.finishSync();
    expect([third.code, fourth.code, orders.highWatermark]).toEqual([0, 0, 4]);
  });

  test('a sync that fails ends all that wait for it with KAFKA_STORAGE_ERROR', async () => {
    open({ flushMessages: 1 });
    const outcomes = [watch(orders.flushed(append('a'))), watch(orders.committed(append('b'), 1000))];
    await disk.finishSync(diskError('EIO', 'fdatasync', '/x'));
    expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map(() => ErrorCode.KAFKA_STORAGE_ERROR));
    expect(orders.highWatermark).toBe(0);
  });

  test('a bug in the sync ends the wait as a bug, and takes no directory offline', async () => {
    open({ flushMessages: 1 });
    const outcome = watch(orders.flushed(append('a')));
    await disk.finishSync(new TypeError('a bug'));
    expect([outcome.code, orders.isOffline]).toEqual([ErrorCode.UNKNOWN_SERVER_ERROR, false]);
  });

  test('a log that was cut by another leader counts again from there', async () => {
    open({ flushMessages: 2 });
    append('a');
    const outcome = watch(orders.flushed(append('b')));
    orders.follow(1);
    new FollowerLog(orders).truncateTo(1);
    orders.lead({ leaderEpoch: 2, replicas: 1, inSyncReplicas: 1 });
    append('c');
    await disk.finishSync();
    expect([outcome.code, orders.endOffset, orders.highWatermark]).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, 2, 2]);
  });

  test('the time of acks=all begins when the leader has its part', async () => {
    open({ flushMessages: 1 });
    orders.lead({ leaderEpoch: 0, replicas: 2, inSyncReplicas: 2, followers: [2] });
    const outcome = watch(orders.committed(append('a'), 500));
    await fixture.clock.advance(10_000);
    expect(outcome.code).toBe('waits');
    await disk.finishSync();
    await fixture.clock.advance(499);
    expect(outcome.code).toBe('waits');
    await fixture.clock.advance(1);
    expect(outcome.code).toBe(ErrorCode.REQUEST_TIMED_OUT);
  });
});

describe('with a follower in sync', () => {
  beforeEach(() => {
    open({ minInsyncReplicas: 2 });
    orders.lead({ leaderEpoch: 0, replicas: 2, inSyncReplicas: 2, followers: [2] });
  });

  test('acks=1 is answered at once, acks=all when the follower has fetched what comes after', async () => {
    const receipt = append('a', 'b');
    expect(orders.flushed(receipt)).toBe(ErrorCode.NONE);
    const outcome = watch(orders.committed(receipt, 1000));
    expect(fetchedBy(2, 1)).toBe(true);
    await turn();
    expect([outcome.code, orders.highWatermark]).toEqual(['waits', 1]);
    fetchedBy(2, 2);
    await turn();
    expect([outcome.code, orders.highWatermark]).toEqual([0, 2]);
    expect(fetchedBy(9, 2)).toBe(false);
  });

  test('followers are woken by what is in the log, consumers by what is committed', () => {
    const [follower, consumer] = [waiterAt(orders.followers), waiterAt(orders.consumers)];
    append('a');
    expect([follower.woken, consumer.woken]).toEqual([1, 0]);
    fetchedBy(2, 1);
    expect([follower.woken, consumer.woken]).toEqual([1, 1]);
  });

  test('it takes no longer than the request allows', async () => {
    const outcome = watch(orders.committed(append('a'), 500));
    await fixture.clock.advance(500);
    expect(outcome.code).toBe(ErrorCode.REQUEST_TIMED_OUT);
    fetchedBy(2, 1); // too late
    expect(orders.highWatermark).toBe(1);
  });

  test('where too few are in sync by then, that is told with the append', () => {
    const receipt = append('a');
    fetchedBy(2, 1);
    orders.lead({ leaderEpoch: 0, replicas: 2, inSyncReplicas: 1, followers: [2], inSync: [] });
    expect(orders.committed(receipt, 0)).toBe(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    expect(() => orders.appendRecords([{ key: null, value: null, timestamp: 1 }])).toThrow('too few replicas');
  });

  test.each([
    ['another broker leads', () => orders.follow(1), ErrorCode.NOT_LEADER_OR_FOLLOWER],
    [
      'it leads another term',
      () => orders.lead({ leaderEpoch: 1, replicas: 2, inSyncReplicas: 2, followers: [2] }),
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ],
    ['its topic is deleted', () => [...fixture.partitions.delete(topicId(0))], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ])('the wait ends when %s', async (_what, change, errorCode) => {
    const outcome = watch(orders.committed(append('a'), 1000));
    const consumer = waiterAt(orders.consumers);
    change();
    await turn();
    expect(outcome.code).toBe(errorCode);
    expect(consumer.woken).toBe(orders.leaderEpoch === 1 && orders.isLeader ? 0 : 1); // readers go on
  });

  test('a follower refuses appends and learns from its leader how far it may be read', () => {
    append('a', 'b');
    orders.follow(1);
    expect(fixture.produceValues(orders, 'c').errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(() => orders.appendRecords([{ key: null, value: null, timestamp: 1 }])).toThrow('another broker leads');
    orders.followHighWatermark(1);
    expect(orders.highWatermark).toBe(1);
    orders.followHighWatermark(9);
    expect(orders.highWatermark).toBe(2);
  });
});
