import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import type { Partition } from '../../src/partitions/partition.ts';
import { readAll, type FetchPartition, type FetchedRange } from '../../src/partitions/read.ts';
import { batchOf } from '../log/log-fixture.ts';
import { asked, PartitionsFixture, topicId } from './partitions-fixture.ts';

let fixture: PartitionsFixture;
let orders: Partition;

beforeEach(() => {
  fixture = new PartitionsFixture();
  fixture.apply('orders', topicId(0), 3);
  orders = fixture.partition('orders');
});

function read(list: FetchPartition[], limits: { maxBytes?: number; readCommitted?: boolean } = {}): FetchedRange[] {
  return readAll(fixture.partitions, list, { maxBytes: 1 << 20, readCommitted: false, ...limits });
}

function values({ file, position, length }: FetchedRange): string[] {
  if (file === null) return [];
  const bytes = Buffer.alloc(length);
  file.read(bytes, 0, length, position);
  return [...batches(bytes)].flatMap((at) => decodeBatch(bytes, at).records.map(({ value }) => String(value)));
}

function fill(partition: Partition, ...groups: string[][]): void {
  for (const group of groups) fixture.produceValues(partition, ...group);
  fixture.partitions.settle();
}

describe('a fetch', () => {
  test('finds whole batches from the offset on, and where the partition begins and ends', () => {
    fill(orders, ['a', 'b'], ['c'], ['d', 'e']);
    const [one] = read([asked('orders', 0, { fetchOffset: 2 })]);
    expect(values(one)).toEqual(['c', 'd', 'e']);
    expect(one).toMatchObject({
      errorCode: 0,
      highWatermark: 5,
      lastStableOffset: 5,
      logStartOffset: 0,
      divergingEpoch: null,
    });
  });

  test('from within a batch finds the whole batch', () => {
    fill(orders, ['a', 'b', 'c'], ['d']);
    expect(values(read([asked('orders', 0, { fetchOffset: 1 })])[0])).toEqual(['a', 'b', 'c', 'd']);
  });

  test('at the end finds nothing, and no error', () => {
    fill(orders, ['a']);
    expect(read([asked('orders', 0, { fetchOffset: 1 })])[0]).toMatchObject({
      errorCode: 0,
      length: 0,
      highWatermark: 1,
    });
  });

  test.each([-1, 3, 1_000_000])('at %i, which there is not, is OFFSET_OUT_OF_RANGE', (fetchOffset) => {
    fill(orders, ['a', 'b']);
    expect(read([asked('orders', 0, { fetchOffset })])[0]).toMatchObject({
      errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
      highWatermark: -1,
      logStartOffset: -1,
      length: 0,
    });
  });

  test('before the start that DeleteRecords moved is OFFSET_OUT_OF_RANGE', () => {
    fill(orders, ['a', 'b', 'c']);
    orders.log.deleteRecordsBefore(2);
    expect(read([asked('orders', 0, { fetchOffset: 1 })])[0].errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(read([asked('orders', 0, { fetchOffset: 2 })])[0]).toMatchObject({ errorCode: 0, logStartOffset: 2 });
  });

  test('of what is not there says so', () => {
    const codes = read([
      asked('nobody'),
      asked('orders', 7),
      asked('orders', -1),
      asked('', 0, { topicId: topicId(9) }),
      asked('', 9, { topicId: topicId(0) }),
      asked('', 0, { topicId: topicId(0) }),
    ]).map(({ errorCode }) => errorCode);
    const { UNKNOWN_TOPIC_OR_PARTITION: unknown, UNKNOWN_TOPIC_ID: unknownId } = ErrorCode;
    expect(codes).toEqual([unknown, unknown, unknown, unknownId, unknown, 0]);
  });

  test('sees nothing that is not settled', () => {
    fixture.produceValues(orders, 'a');
    expect(read([asked('orders')])[0]).toMatchObject({ length: 0, highWatermark: 0 });
    fixture.partitions.settle();
    expect(values(read([asked('orders')])[0])).toEqual(['a']);
  });
});

describe('limits', () => {
  const size = batchOf(['aaaa']).length;
  beforeEach(() => {
    for (const index of [0, 1, 2]) fill(fixture.partition('orders', index), ['aaaa'], ['bbbb'], ['cccc']);
  });

  test('of a partition are kept to whole batches', () => {
    const lengths = [size, size + 1, 2 * size - 1, 2 * size, 1000].map(
      (maxBytes) => read([asked('orders', 0, { maxBytes })])[0].length / size,
    );
    expect(lengths).toEqual([1, 1, 1, 2, 3]);
  });

  test.each([0, 1, -1])('of %i bytes are exceeded by the first batch, so that everybody moves on', (maxBytes) => {
    const found = read(
      [0, 1, 2].map((index) => asked('orders', index, { maxBytes })),
      { maxBytes },
    );
    expect(found.map(({ length }) => length / size)).toEqual([1, 0, 0]);
  });

  test('of the whole fetch count for all of its partitions together', () => {
    const found = read(
      [0, 1, 2].map((index) => asked('orders', index)),
      { maxBytes: 4 * size + 10 },
    );
    expect(found.map(({ length }) => length / size)).toEqual([3, 1, 0]);
  });

  test('let only the first partition that has anything exceed them', () => {
    const list = [
      asked('orders', 0, { fetchOffset: 3 }),
      asked('orders', 1, { maxBytes: 1 }),
      asked('orders', 2, { maxBytes: 1 }),
    ];
    expect(read(list).map(({ length }) => length / size)).toEqual([0, 1, 0]);
  });
});

describe('epochs', () => {
  beforeEach(() => {
    fill(orders, ['a', 'b']); // epoch 0: offsets 0 and 1
    fixture.apply('orders', topicId(0), 3, {}, 3);
    fill(orders, ['c']); // epoch 3: offset 2
  });

  test('that a client believes in are held against the real one', () => {
    const code = (currentLeaderEpoch: number) => read([asked('orders', 0, { currentLeaderEpoch })])[0].errorCode;
    expect([code(-1), code(3), code(2), code(4)]).toEqual([
      0,
      0,
      ErrorCode.FENCED_LEADER_EPOCH,
      ErrorCode.UNKNOWN_LEADER_EPOCH,
    ]);
  });

  test.each([
    ['agree where the log has the same', 0, 2, null],
    ['agree at the end of the newest', 3, 3, null],
    ['part where the epoch ended before', 0, 3, { epoch: 0, endOffset: 2 }],
    ['part at the epoch before one that never had records', 1, 2, { epoch: 0, endOffset: 2 }],
    ['part behind the end', 3, 9, { epoch: 3, endOffset: 3 }],
  ])('of what a client read last %s', (_what, lastFetchedEpoch, fetchOffset, divergingEpoch) => {
    const [one] = read([asked('orders', 0, { lastFetchedEpoch, fetchOffset })]);
    expect([one.errorCode, one.divergingEpoch, one.length > 0]).toEqual([
      0,
      divergingEpoch,
      divergingEpoch === null && fetchOffset < 3,
    ]);
  });

  test('that never were are OFFSET_OUT_OF_RANGE', () => {
    expect(read([asked('orders', 0, { lastFetchedEpoch: 8, fetchOffset: 1 })])[0].errorCode).toBe(
      ErrorCode.OFFSET_OUT_OF_RANGE,
    );
  });
});

test('a disk that cannot be read is KAFKA_STORAGE_ERROR for its partition alone', () => {
  fill(orders, ['a']);
  fill(fixture.partition('orders', 1), ['b']);
  const { log } = orders;
  log.locate = () => {
    throw new Error('EIO');
  };
  const [broken, sound] = read([asked('orders', 0), asked('orders', 1)]);
  expect([broken.errorCode, values(sound)]).toEqual([ErrorCode.KAFKA_STORAGE_ERROR, ['b']]);
  expect(fixture.events()).toEqual(['read-failed']);
});

test('read_committed stops before the oldest open transaction', () => {
  fill(orders, ['a'], ['b']);
  Object.defineProperty(orders.log, 'firstUnstableOffset', { get: () => 1 });
  const [one] = read([asked('orders')], { readCommitted: true });
  expect([values(one), one.highWatermark, one.lastStableOffset]).toEqual([['a'], 2, 1]);
  expect(values(read([asked('orders')])[0])).toEqual(['a', 'b']);
});

test('read_committed stops before a transaction whose marker is not below the high watermark', () => {
  fill(orders, ['a']);
  orders.lead({ leaderEpoch: 0, replicas: 2, inSyncReplicas: 2, followers: [2] }); // which has none of it yet
  const producer = { producerId: 7, producerEpoch: 0 };
  const record = { key: null, value: Buffer.from('b'), timestamp: 1 };
  orders.appendRecords([record], { transaction: producer });
  orders.appendMarker({ ...producer, committed: true, coordinatorEpoch: 0, transactionVersion: 1, timestamp: 1 });
  const stable = (highWatermark: number): number => {
    orders.highWatermark = highWatermark;
    return orders.lastStableOffset;
  };
  // The transaction is at offset 1, its marker at 2.
  expect([1, 2, 3].map(stable)).toEqual([1, 1, 3]);
});
