import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { LogError, type Partition } from '../../src/partitions/partition.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { batchOf, readAll } from '../log/log-fixture.ts';
import { DIRECTORY, PartitionsFixture, topicId } from './partitions-fixture.ts';

let fixture: PartitionsFixture;

beforeEach(() => {
  fixture = new PartitionsFixture();
});

const values = (partition: Partition) => readAll(partition.log).map(({ value }) => value);
const ownRecord = (value: string) => ({ key: null, value: Buffer.from(value), timestamp: 1 });

function waiterAt(partition: Partition) {
  const waiter = { woken: 0, wake: () => void waiter.woken++ };
  partition.consumers.add(waiter);
  return waiter;
}

describe('a topic', () => {
  test('is found by name, by id and by the bytes of its name, whichever was asked for before', () => {
    const orders = fixture.apply('orders', topicId(0), 2);
    const order = fixture.apply('order', topicId(1));
    const { partitions } = fixture;
    const bytes = Buffer.from('xxordersxx');
    const byBytes = (at: number, length: number) => partitions.topicByBytes(bytes, at, length);
    expect([partitions.topicByName('orders'), partitions.topicById(topicId(1))]).toEqual([orders, order]);
    for (let round = 0; round < 2; round++) {
      expect([byBytes(2, 6), byBytes(2, 6), byBytes(2, 5), byBytes(1, 5), byBytes(2, 6)]).toEqual([
        orders,
        orders,
        order,
        undefined,
        orders,
      ]);
    }
    expect(partitions.get('orders', 1)?.index).toBe(1);
    expect([partitions.get('orders', 2), partitions.get('nobody', 0)]).toEqual([undefined, undefined]);
    expect([...partitions.all()].length).toBe(3);
  });

  test('grows by partitions, and takes over epochs, replicas and settings for those it has', () => {
    fixture.apply('orders', topicId(0), 1);
    const first = fixture.partition('orders');
    fixture.apply('orders', topicId(0), 3, { maxMessageBytes: 77 }, 4);
    expect(fixture.partition('orders')).toBe(first);
    expect([first.leaderEpoch, first.log.config.maxMessageBytes, fixture.partition('orders', 2).leaderEpoch]).toEqual([
      4, 77, 4,
    ]);
  });

  test('that is deleted is forgotten at once, its waiters told, its files gone a little later', async () => {
    fixture.apply('orders', topicId(0), 2);
    fixture.produceValues(fixture.partition('orders'), 'a');
    fixture.partitions.settle();
    const waiter = waiterAt(fixture.partition('orders', 1));
    for (const _ of fixture.partitions.delete(topicId(0)));
    for (const _ of fixture.partitions.delete(topicId(0)));
    const { partitions } = fixture;
    expect([
      partitions.topicByName('orders'),
      partitions.topicById(topicId(0)),
      partitions.topicByBytes(Buffer.from('orders'), 0, 6),
    ]).toEqual([undefined, undefined, undefined]);
    expect(waiter.woken).toBe(1);
    expect(fixture.files.exists(`${DIRECTORY}/orders-0`)).toBe(false);
    expect(fixture.files.list(DIRECTORY).filter((name) => name.endsWith('-delete')).length).toBe(2);
    await fixture.clock.advance(60_000);
    expect(fixture.files.list(DIRECTORY).filter((name) => name.startsWith('orders'))).toEqual([]);
  });

  test('made again under the same name begins empty, found by its bytes too', () => {
    fixture.apply('orders', topicId(0));
    const bytes = Buffer.from('orders');
    fixture.partitions.topicByBytes(bytes, 0, 6);
    fixture.produceValues(fixture.partition('orders'), 'old');
    fixture.partitions.settle();
    for (const _ of fixture.partitions.delete(topicId(0)));
    const again = fixture.apply('orders', topicId(1));
    expect(fixture.partitions.topicByBytes(bytes, 0, 6)).toBe(again);
    expect([again.partitions[0]?.endOffset, fixture.partition('orders').topicId]).toEqual([0, topicId(1)]);
    fixture.close();
    fixture.reopen();
    fixture.apply('orders', topicId(1));
    expect(fixture.partition('orders').endOffset).toBe(0);
  });

  test('appended to and deleted in one callback disturbs nobody', () => {
    fixture.apply('orders', topicId(0));
    fixture.apply('others', topicId(1));
    fixture.produceValues(fixture.partition('orders'), 'a');
    fixture.produceValues(fixture.partition('others'), 'b');
    for (const _ of fixture.partitions.delete(topicId(0)));
    fixture.partitions.settle();
    expect(values(fixture.partition('others'))).toEqual(['b']);
  });

  test('whose files cannot be renamed is forgotten all the same, all of it', () => {
    fixture.apply('orders', topicId(0), 2);
    fixture.breakDisk('rename', 'orders-0');
    for (const _ of fixture.partitions.delete(topicId(0)));
    expect(fixture.partitions.topicByName('orders')).toBe(undefined);
    expect(fixture.files.exists(`${DIRECTORY}/orders-1`)).toBe(false);
    expect(fixture.events()).toContain('log-not-deleted');
  });
});

describe('a restart', () => {
  function fill() {
    fixture.apply('orders', topicId(0), 2, { segmentBytes: 300 });
    for (let i = 0; i < 20; i++) {
      fixture.produceValues(fixture.partition('orders', i % 2), `value ${i}`);
      fixture.partitions.settle();
    }
    fixture.partition('orders', 1).log.deleteRecordsBefore(4);
    return [0, 1].map((index) => [
      values(fixture.partition('orders', index)),
      fixture.partition('orders', index).highWatermark,
    ]);
  }
  const again = () => {
    fixture.reopen();
    fixture.apply('orders', topicId(0), 2);
    return [0, 1].map((index) => [
      values(fixture.partition('orders', index)),
      fixture.partition('orders', index).highWatermark,
    ]);
  };

  test('in order reads the same', () => {
    const before = fill();
    fixture.close();
    expect(again()).toEqual(before);
  });

  test('after a crash reads the same', () => {
    const before = fill();
    fixture.partitions.checkpoint();
    fixture.crash();
    expect(again()).toEqual(before);
  });

  test('after a start that failed before any log was opened is one after a crash still', () => {
    const before = fill();
    fixture.partitions.checkpoint();
    const file = fixture.files.open(`${DIRECTORY}/orders-0/${'0'.repeat(20)}.log`, 'write');
    fixture.crash();
    fixture.reopen();
    fixture.partitions.abandon();
    expect(fixture.files.exists(`${DIRECTORY}/.kafka_cleanshutdown`)).toBe(false);
    expect(again()).toEqual(before);
    file.close();
  });

  test('reads a topic id of which one character is damaged, and writes it again', () => {
    fixture.apply('orders', topicId(0));
    fixture.produceValues(fixture.partition('orders'), 'old');
    fixture.partitions.settle();
    fixture.close();
    const path = `${DIRECTORY}/orders-0/partition.metadata`;
    const whole = fixture.files.readAll(path).toString();
    for (const damaged of [whole.replace(/.$/, '7'), whole.replace('topic', 'tnpic')]) {
      fixture.files.replace(path, damaged);
      fixture.reopen();
      fixture.apply('orders', topicId(0));
      expect(fixture.partition('orders').endOffset).toBe(1);
      expect(fixture.events()).toContain('partition.metadata-repaired');
      expect(fixture.files.readAll(path).toString()).toBe(whole);
      fixture.close();
    }
  });

  test('moves the folder of another topic of this name aside, and keeps it', () => {
    fixture.apply('orders', topicId(0));
    fixture.produceValues(fixture.partition('orders'), 'old');
    fixture.partitions.settle();
    fixture.close();
    fixture.reopen();
    fixture.apply('orders', 'ShF3wzpkRDS7cFQhvZ1oSg');
    expect(fixture.partition('orders').endOffset).toBe(0);
    const strays = fixture.files.list(DIRECTORY).filter((name) => name.endsWith('-stray'));
    expect(strays.length).toBe(1);
    expect(fixture.files.size(`${DIRECTORY}/${strays[0]}/${'0'.repeat(20)}.log`)).toBeGreaterThan(0);
    expect(fixture.events()).toContain('log-moved-aside');
  });

  test('leaves no word of an orderly end where a log could not be closed', () => {
    fill();
    fixture.breakDisk('sync', 'orders-1');
    fixture.close();
    fixture.heal();
    expect(fixture.files.exists(`${DIRECTORY}/.kafka_cleanshutdown`)).toBe(false);
    fixture.reopen(); // and the lock has been given back
  });
});

describe('settling', () => {
  test('lets readers see, wakes who waits, and does nothing when there is nothing', () => {
    fixture.apply('orders', topicId(0), 2);
    const [one, two] = [fixture.partition('orders', 0), fixture.partition('orders', 1)];
    const waiters = [waiterAt(one), waiterAt(two)];
    fixture.produceValues(one, 'a', 'b');
    expect([one.endOffset, one.highWatermark]).toEqual([2, 0]);
    fixture.partitions.settle();
    expect([one.highWatermark, waiters.map(({ woken }) => woken)]).toEqual([2, [1, 0]]);
    const { operations } = fixture.files;
    fixture.partitions.settle();
    expect([fixture.files.operations, waiters[0].woken]).toEqual([operations, 1]);
  });

  test('writes small batches of one partition in one go, however many they are', () => {
    fixture.apply('orders', topicId(0));
    const partition = fixture.partition('orders');
    fixture.produceValues(partition, 'first'); // makes the files
    fixture.partitions.settle();
    const { operations } = fixture.files;
    for (let i = 0; i < 50; i++) fixture.produceValues(partition, `${i}`);
    fixture.partitions.settle();
    expect(fixture.files.operations - operations).toBe(1);
    expect(partition.highWatermark).toBe(51);
  });
});

describe('a disk that refuses', () => {
  let orders: Partition;
  let others: Partition;

  beforeEach(() => {
    fixture.apply('orders', topicId(0));
    fixture.apply('others', topicId(1));
    [orders, others] = [fixture.partition('orders'), fixture.partition('others')];
    for (const partition of [orders, others]) fixture.produceValues(partition, 'before');
    fixture.partitions.settle();
  });

  /** As a disk that is full: it recovers when there is room. */
  function fillDisk(path: string) {
    fixture.files.before = (operation, where) => {
      if (operation === 'write' && where.includes(path)) throw diskError('ENOSPC', operation, where);
    };
  }

  test('takes the receipts of what was staged, and refuses each append from then on by itself, until one succeeds', () => {
    fillDisk('.log');
    const lost = fixture.produceValues(orders, 'lost');
    expect(lost.errorCode).toBe(0); // staged
    fixture.partitions.settle();
    expect(lost).toMatchObject({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, baseOffset: -1, logStartOffset: -1 });
    expect([orders.endOffset, orders.highWatermark]).toEqual([1, 1]);
    const codes = Array.from({ length: 3 }, () => fixture.produceValues(orders, 'refused').errorCode);
    expect(codes).toEqual(codes.map(() => ErrorCode.KAFKA_STORAGE_ERROR));
    fixture.heal();
    expect(fixture.produceValues(orders, 'after')).toMatchObject({ errorCode: 0, baseOffset: 1 });
    fixture.partitions.settle();
    expect(values(orders)).toEqual(['before', 'after']);
  });

  test('takes the receipt of a large batch as of a small one', () => {
    fillDisk('orders');
    const lost = fixture.produceValues(orders, 'x'.repeat(20_000));
    fixture.partitions.settle();
    expect(lost.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect([orders.endOffset, orders.highWatermark]).toEqual([1, 1]);
    fixture.heal();
    expect(fixture.produceValues(orders, 'x'.repeat(20_000))).toMatchObject({ errorCode: 0, baseOffset: 1 });
    fixture.partitions.settle();
    expect(orders.highWatermark).toBe(2);
  });

  test('never lets a produce be acknowledged because something else was written in between', () => {
    fillDisk('orders');
    const lost = fixture.produceValues(orders, 'lost');
    others.appendRecords([ownRecord('own')]);
    expect(lost.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    const kept = fixture.produceValues(others, 'x'.repeat(20_000));
    fixture.partitions.settle();
    expect([kept.errorCode, values(orders), others.endOffset, others.highWatermark]).toEqual([0, ['before'], 3, 3]);
  });

  test('nor because its offset was given to another append', () => {
    fillDisk('orders');
    const lost = fixture.produceValues(orders, 'lost');
    fixture.partitions.settle();
    fixture.heal();
    const kept = fixture.produceValues(orders, 'kept');
    fixture.partitions.settle();
    expect([orders.committed(lost, 0), orders.committed(kept, 0), kept.baseOffset]).toEqual([
      ErrorCode.KAFKA_STORAGE_ERROR,
      ErrorCode.NONE,
      1,
    ]);
  });

  test('nor because another append failed after it', () => {
    fillDisk('o');
    const lost = [fixture.produceValues(orders, 'lost'), fixture.produceValues(others, 'x'.repeat(20_000))];
    fixture.partitions.settle();
    expect(lost.map(({ errorCode }) => errorCode)).toEqual(lost.map(() => ErrorCode.KAFKA_STORAGE_ERROR));
    expect([orders.endOffset, others.endOffset]).toEqual([1, 1]);
  });

  test('nor does an own append of the broker fail for what a producer lost', () => {
    fillDisk('orders');
    fixture.produceValues(orders, 'lost');
    expect(others.appendRecords([ownRecord('own'), ownRecord('more')])).toMatchObject({ baseOffset: 1, lastOffset: 2 });
  });

  test('refuses own appends with a LogError, and appends nothing', () => {
    fillDisk('orders');
    const append = () => orders.appendRecords([ownRecord('own')]);
    expect(append).toThrow(LogError);
    expect(append).toThrow(expect.objectContaining({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR }));
    expect([orders.endOffset, orders.highWatermark]).toEqual([1, 1]);
    fixture.heal();
    expect(append()).toMatchObject({ baseOffset: 1, lastOffset: 1 });
  });

  test('a bug on the way to the disk is told as one, with its stack, and not as a full disk', () => {
    fixture.files.before = (operation) => {
      if (operation === 'write') throw new TypeError('file.write is not a function');
    };
    const lost = fixture.produceValues(orders, 'lost');
    fixture.partitions.settle();
    expect(lost).toMatchObject({ errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, baseOffset: -1 });
    const line = fixture.logged.find(({ event }) => event === 'append-failed');
    expect(line?.facts?.error).toMatch(/TypeError: file.write is not a function\n +at /);
    fixture.heal();
    expect(() => orders.appendRecords(null as unknown as [])).toThrow(TypeError);
    Object.defineProperty(orders.log, 'append', { value: () => (undefined as unknown as Buffer).length });
    expect(() => fixture.produceValues(orders, 'a bug')).toThrow(TypeError);
  });

  test('leaves a topic that could not be made to the next try', () => {
    fixture.files.before = (operation, where) => {
      if (where.includes('late-1')) throw diskError('ENOSPC', operation, where);
    };
    expect(() => fixture.apply('late', topicId(2), 3)).toThrow('ENOSPC');
    expect(fixture.partitions.topicById(topicId(2))?.partitions.length).toBe(1);
    fixture.heal();
    fixture.apply('late', topicId(2), 3);
    fixture.produceValues(fixture.partition('late', 2), 'a');
    fixture.partitions.settle();
    expect(values(fixture.partition('late', 2))).toEqual(['a']);
  });
});

test('own records are replayed as they were appended, oldest first, whatever their batches', () => {
  fixture.apply('own', topicId(0));
  const partition = fixture.partition('own');
  const large = 'x'.repeat(700_000);
  partition.appendRecords([ownRecord('a'), ownRecord('b')]);
  for (let i = 0; i < 4; i++) partition.appendRecords([ownRecord(large + i)]);
  partition.appendRecords([{ key: Buffer.from('k'), value: null, timestamp: 9 }]);
  const seen: [number, string | null][] = [];
  const visit = ({ offset, value }: { offset: number; value: Buffer | null }): void =>
    void seen.push([offset, value === null ? null : value.toString().slice(-2)]);
  for (const pieces = partition.recordPieces(visit, () => {}); pieces.next().done !== true;);
  expect(seen).toEqual([
    [0, 'a'],
    [1, 'b'],
    [2, 'x0'],
    [3, 'x1'],
    [4, 'x2'],
    [5, 'x3'],
    [6, null],
  ]);
});

test('retention deletes what no reader may still expect', async () => {
  fixture.apply('orders', topicId(0), 1, { segmentBytes: 100, retentionMs: 1000 });
  const partition = fixture.partition('orders');
  for (let i = 0; i < 5; i++) {
    fixture.produce(partition, batchOf([`${i}`], { timestamps: [fixture.clock.now()] }));
    fixture.partitions.settle();
  }
  expect(fixture.partitions.applyRetention(fixture.clock.now())).toBe(0);
  await fixture.clock.advance(5000);
  expect(fixture.partitions.applyRetention(fixture.clock.now())).toBeGreaterThan(3);
  expect([partition.logStartOffset, partition.highWatermark]).toEqual([5, 5]);
});
