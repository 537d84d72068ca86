import { beforeEach, describe, expect, test } from 'vitest';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { InitProducerId } from '../../protocol/apis/22-init-producer-id.ts';
import { OffsetForLeaderEpoch } from '../../protocol/apis/23-offset-for-leader-epoch.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { listOffsets } from '../../src/apis/02-list-offsets.ts';
import { deleteRecords } from '../../src/apis/21-delete-records.ts';
import { initProducerId } from '../../src/apis/22-init-producer-id.ts';
import { offsetForLeaderEpoch } from '../../src/apis/23-offset-for-leader-epoch.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { ProducerIds } from '../../src/transactions/producer-ids.ts';
import { batchOf } from '../log/log-fixture.ts';
import { topicId } from '../partitions/partitions-fixture.ts';
import { versionsOf } from '../protocol/tables.ts';
import { PartitionBroker } from './partition-broker.ts';

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;

let broker: PartitionBroker;

beforeEach(() => {
  broker = new PartitionBroker();
  broker.apply('orders', topicId(0), 2);
});

function fill(): void {
  const partition = broker.partition('orders');
  broker.produce(partition, batchOf(['a', 'b'], { timestamps: [100, 300] }));
  broker.produce(partition, batchOf(['c'], { timestamps: [200] }));
  broker.partitions.settle();
}

describe('ListOffsets', () => {
  async function list(timestamp: number, version = 9, more: object = {}, request: object = {}) {
    const answer = await broker.send(listOffsets, ListOffsets, version, {
      replicaId: -1,
      isolationLevel: 0,
      ...request,
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp, currentLeaderEpoch: -1, ...more }] }],
    });
    const { errorCode, offset, timestamp: found, leaderEpoch } = answer.topics[0].partitions[0];
    return errorCode === 0 ? [offset, found, leaderEpoch] : errorCode;
  }

  test('finds where a partition begins and ends, and the current epoch while it is empty', async () => {
    expect([await list(EARLIEST), await list(LATEST), await list(MAX_TIMESTAMP), await list(0)]).toEqual([
      [0, -1, 0],
      [0, -1, 0],
      [-1, -1, -1],
      [-1, -1, -1],
    ]);
    fill();
    broker.partition('orders').log.deleteRecordsBefore(1);
    expect([await list(EARLIEST), await list(LATEST)]).toEqual([
      [1, -1, 0],
      [3, -1, 0],
    ]);
  });

  test.each([
    [0, [0, 100, 0]],
    [100, [0, 100, 0]],
    [101, [1, 300, 0]],
    [300, [1, 300, 0]],
    [301, [-1, -1, -1]],
    [MAX_TIMESTAMP, [1, 300, 0]],
  ])('finds the first record from %i on', async (timestamp, expected) => {
    fill();
    expect(await list(timestamp)).toEqual(expected);
  });

  test('sees appends that are not settled no sooner than other readers', async () => {
    broker.produceValues(broker.partition('orders'), 'a');
    expect(await list(LATEST)).toEqual([1, -1, 0]); // the request itself settled them
  });

  test('ends for readers of committed records before the oldest open transaction', async () => {
    fill();
    Object.defineProperty(broker.partition('orders').log, 'firstUnstableOffset', { get: () => 1 });
    expect(await list(LATEST, 9, {}, { isolationLevel: 1 })).toEqual([1, -1, 0]);
    expect(await list(300, 9, {}, { isolationLevel: 1 })).toEqual([-1, -1, -1]);
    expect(await list(LATEST)).toEqual([3, -1, 0]);
  });

  test('does not say where a new leader’s log ends before it knows what leaders before have committed', async () => {
    fill();
    const partition = broker.partition('orders');
    partition.follow(1);
    partition.highWatermark = 1; // as its leader told it last
    partition.lead({ leaderEpoch: 2, replicas: 2, inSyncReplicas: 2, followers: [2] });
    expect([await list(LATEST), await list(LATEST, 4), await list(400), await list(EARLIEST)]).toEqual([
      ErrorCode.OFFSET_NOT_AVAILABLE,
      ErrorCode.LEADER_NOT_AVAILABLE,
      ErrorCode.OFFSET_NOT_AVAILABLE,
      [0, -1, 0],
    ]);
    expect(await list(LATEST, 9, {}, { replicaId: 2 })).toEqual([3, -1, 2]); // a follower sees all
    partition.noteFollowerFetch({ followerId: 2, endOffset: 3, brokerEpoch: -1 });
    expect(await list(LATEST)).toEqual([3, -1, 2]);
  });

  test('tells who looks into a broker where the log ends, also at a follower', async () => {
    fill();
    const partition = broker.partition('orders');
    partition.follow(1);
    partition.highWatermark = 1;
    expect([await list(LATEST, 9, {}, { replicaId: -2 }), await list(LATEST)]).toEqual([
      [3, -1, 1],
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ]);
  });

  test('refuses an isolation level that is none for every partition, as Kafka does', async () => {
    fill();
    expect(await list(LATEST, 9, {}, { isolationLevel: 7 })).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
  });

  test.each([
    [MAX_TIMESTAMP, 7],
    [-4, 8],
    [-5, 9],
    [-6, 11],
  ])('knows the special time %i from v%i on', async (timestamp, since) => {
    expect(await list(timestamp, since - 1)).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(await list(timestamp, since)).not.toBe(ErrorCode.UNSUPPORTED_VERSION);
  });

  test('refuses times nobody knows, epochs that are not the current one, partitions that are not there or asked for twice', async () => {
    expect(await list(-7, 11)).toBe(ErrorCode.UNSUPPORTED_VERSION);
    broker.apply('orders', topicId(0), 2, {}, 2);
    expect([
      await list(0, 9, { currentLeaderEpoch: 1 }),
      await list(0, 9, { currentLeaderEpoch: 3 }),
      await list(0, 9, { partitionIndex: 7 }),
    ]).toEqual([ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.UNKNOWN_LEADER_EPOCH, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
    const one = (partitionIndex: number) => ({ partitionIndex, timestamp: LATEST, currentLeaderEpoch: -1 });
    const { topics } = await broker.send(listOffsets, ListOffsets, 9, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'orders', partitions: [one(0), one(1), one(0)] }],
    });
    expect(topics[0].partitions.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.INVALID_REQUEST,
      0,
      ErrorCode.INVALID_REQUEST,
    ]);
  });

  test.each(versionsOf(ListOffsets.response))('v%i says what its readers know', async (version) => {
    fill();
    expect(await list(LATEST, version)).toEqual([3, -1, version >= 4 ? 0 : -1]);
  });
});

describe('DeleteRecords', () => {
  async function remove(offset: number, name = 'orders', partitionIndex = 0) {
    const { topics } = await broker.send(deleteRecords, DeleteRecords, 2, {
      timeoutMs: 1000,
      topics: [{ name, partitions: [{ partitionIndex, offset }] }],
    });
    const { errorCode, lowWatermark } = topics[0].partitions[0];
    return errorCode === 0 ? lowWatermark : [errorCode];
  }

  test('moves the start forward and never back, up to the end and no further', async () => {
    fill();
    expect([await remove(2), await remove(1), await remove(2)]).toEqual([2, 2, 2]);
    expect([await remove(4), await remove(-2)]).toEqual([
      [ErrorCode.OFFSET_OUT_OF_RANGE],
      [ErrorCode.OFFSET_OUT_OF_RANGE],
    ]);
    expect([await remove(-1), broker.partition('orders').logStartOffset]).toEqual([3, 3]);
  });

  test('waits until followers that run have done the same, for as long as the request says', async () => {
    fill();
    const partition = broker.partition('orders');
    let isAlive = true;
    const rules = { maxLagMs: 100, epochOf: () => -1, mayJoin: () => true, isAlive: () => isAlive };
    partition.lead({ leaderEpoch: 1, replicas: 2, inSyncReplicas: 2, followers: [2], rules });
    const fetch = (logStartOffset: number) =>
      partition.noteFollowerFetch({ followerId: 2, endOffset: 3, logStartOffset, brokerEpoch: -1 });
    fetch(0);
    let answers: unknown[] = [];
    const removed = (offset: number) => void remove(offset).then((answer) => answers.push(answer));
    removed(1);
    removed(2);
    await broker.clock.advance(10);
    fetch(1);
    await broker.clock.advance(10);
    expect(answers).toEqual([1]);
    await broker.clock.advance(1000);
    expect(answers).toEqual([1, [ErrorCode.REQUEST_TIMED_OUT]]);
    answers = [];
    isAlive = false; // a replica that is away is not waited for
    expect(await remove(3)).toBe(3);
    isAlive = true;
    removed(3);
    await broker.clock.advance(10);
    partition.follow(2);
    await broker.clock.advance(10);
    expect(answers).toEqual([[ErrorCode.NOT_LEADER_OR_FOLLOWER]]);
  });

  test("leaves what is not there, the broker's own topics, and topics that only compact", async () => {
    broker.apply('__consumer_offsets', topicId(1));
    broker.apply('latest', topicId(2), 1, { cleanupDelete: false, cleanupCompact: true });
    expect([
      await remove(0, 'nobody'),
      await remove(0, 'orders', 9),
      await remove(0, '__consumer_offsets'),
      await remove(0, 'latest'),
    ]).toEqual([
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      [ErrorCode.INVALID_TOPIC_EXCEPTION],
      [ErrorCode.POLICY_VIOLATION],
    ]);
  });

  test('is remembered over a restart', async () => {
    fill();
    await remove(1);
    broker.close();
    broker.reopen();
    broker.apply('orders', topicId(0), 2);
    expect(broker.partition('orders').logStartOffset).toBe(1);
  });
});

describe('OffsetForLeaderEpoch', () => {
  async function end(leaderEpoch: number, currentLeaderEpoch = -1, partition = 0) {
    const { topics } = await broker.send(offsetForLeaderEpoch, OffsetForLeaderEpoch, 4, {
      replicaId: -1,
      topics: [{ topic: 'orders', partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
    });
    const { errorCode, ...rest } = topics[0].partitions[0];
    return errorCode === 0 ? [rest.leaderEpoch, rest.endOffset] : errorCode;
  }

  test('says where each epoch ended', async () => {
    fill(); // epoch 0 up to 3
    broker.apply('orders', topicId(0), 2, {}, 4);
    expect([await end(0), await end(2), await end(4), await end(5), await end(-1)]).toEqual([
      [0, 3],
      [0, 3],
      [4, 3],
      [-1, -1],
      [-1, -1],
    ]);
    fill(); // epoch 4 up to 6
    expect([await end(0), await end(3), await end(4)]).toEqual([
      [0, 3],
      [0, 3],
      [4, 6],
    ]);
  });

  test('refuses who believes in another epoch, and partitions that are not there', async () => {
    broker.apply('orders', topicId(0), 2, {}, 4);
    expect([await end(4, 3), await end(4, 5), await end(4, 4, 9)]).toEqual([
      ErrorCode.FENCED_LEADER_EPOCH,
      ErrorCode.UNKNOWN_LEADER_EPOCH,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
  });
});

describe('InitProducerId', () => {
  test('gives ids that nobody had, in every version', async () => {
    let next = 5000;
    const producerIds = new ProducerIds(new VirtualClock(), async () => {
      const first = next;
      next += 3;
      return { first, size: 3 };
    });
    Object.assign(broker, { producerIds });
    const seen: number[] = [];
    for (const version of [...versionsOf(InitProducerId.request), 0, 1, 2]) {
      const answer = await broker.send(initProducerId, InitProducerId, version, {
        transactionalId: null,
        transactionTimeoutMs: 1,
        producerId: -1,
        producerEpoch: -1,
      });
      expect(answer).toMatchObject({ errorCode: 0, producerEpoch: 0 });
      seen.push(answer.producerId);
    }
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => 5000 + i));
  });

  test('has clients ask again when no ids can be had, and goes on when they can', async () => {
    let isBroken = true;
    const producerIds = new ProducerIds(new VirtualClock(), async () => {
      if (isBroken) throw new Error('the disk is full');
      return { first: 0, size: 10 };
    });
    Object.assign(broker, { producerIds });
    const ask = () =>
      broker.send(initProducerId, InitProducerId, 4, {
        transactionalId: null,
        transactionTimeoutMs: 1,
        producerId: -1,
        producerEpoch: -1,
      });
    const again = { errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, producerId: -1, producerEpoch: -1 };
    expect(await ask()).toMatchObject(again);
    isBroken = false;
    expect(await ask()).toMatchObject({ errorCode: 0, producerId: 0 });
  });

  test.each([
    [5, -1],
    [-1, 3],
    [-2, -1],
  ])('refuses id %i with epoch %i: only together do they mean a producer', async (producerId, producerEpoch) => {
    const answer = await broker.send(initProducerId, InitProducerId, 4, {
      transactionalId: null,
      transactionTimeoutMs: 1,
      producerId,
      producerEpoch,
    });
    expect(answer).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, producerId: -1 });
  });

  test('refuses an empty transactional id', async () => {
    const answer = await broker.send(initProducerId, InitProducerId, 4, {
      transactionalId: '',
      transactionTimeoutMs: 1,
      producerId: -1,
      producerEpoch: -1,
    });
    expect(answer).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, producerId: -1 });
  });
});
