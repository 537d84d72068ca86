/** Requests that no client would send, and queues that cannot work: an error code each, on a connection that goes on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DeleteShareGroupOffsets,
  DeleteTopics,
  ShareAcknowledge,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
  WriteShareGroupState,
} from '../../protocol/apis/index.ts';
import { AckType } from '../../protocol/acknowledge-type.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { produce } from '../running-broker.ts';
import {
  ack,
  acknowledge,
  broker,
  client,
  close,
  configure,
  createTopic,
  FAR,
  fetch,
  GROUP,
  holding,
  join,
  open,
  topicId,
  topicsOf,
} from './wire.ts';

const { accept: ACCEPT, reject: REJECT } = AckType;

beforeEach(() => open());
afterEach(close);

describe('limits of a fetch', () => {
  test.each([
    ['no records', { maxRecords: 0 }],
    ['fewer than no records', { maxRecords: -1 }],
    ['no bytes', { maxBytes: 0 }],
    ['fewer than no bytes', { maxBytes: -1 }],
  ])('%s: nothing is handed out', async (_what, limits) => {
    await produce(client, 't', 0, ['a']);
    await join();
    const { errorCode, responses } = await fetch(0, limits);
    expect([
      errorCode,
      responses.flatMap(({ partitions }) => partitions).flatMap((one) => one.acquiredRecords),
    ]).toEqual([ErrorCode.NONE, []]);
  });

  test.each([0, -1, -(2 ** 31)])('batches of %i records: those of one', async (batchSize) => {
    await produce(client, 't', 0, ['a', 'b']);
    await join();
    const { responses } = await fetch(0, { batchSize, maxWaitMs: -5, minBytes: -5 });
    expect(responses[0].partitions[0].acquiredRecords).toMatchObject([{ firstOffset: 0, lastOffset: 1 }]);
  });

  test('a way to acquire that there is not', async () => {
    await join();
    expect((await fetch(0, { shareAcquireMode: 9 })).errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
  });

  describe('of partitions that it makes the broker load', () => {
    const asked = async (epoch: number, partitions: number[], id = topicId, minBytes = 1) => {
      const all = partitions.map((partitionIndex) => ({ partitionIndex, acknowledgementBatches: [] }));
      const topics = epoch === 0 ? [{ topicId: id, partitions: all }] : [];
      const { responses } = await fetch(epoch, { topics, minBytes });
      const told = responses.flatMap((topic) => topic.partitions);
      return told.filter(({ acquiredRecords }) => acquiredRecords.length > 0).map((one) => one.partitionIndex);
    };

    test('a fetch is given the first that has something, as in Kafka', async () => {
      await produce(client, 't', 0, ['a']);
      await produce(client, 't', 1, ['b']);
      await join();
      expect([await asked(0, [0, 1]), await asked(1, [])]).toEqual([[0], [1]]);
      await produce(client, 't', 0, ['c']);
      await produce(client, 't', 1, ['d']);
      expect(new Set(await asked(2, []))).toEqual(new Set([0, 1]));
    });

    test('a fetch that wants more bytes than the first has is given as many as have them together', async () => {
      const id = await createTopic('wide', {}, 3);
      for (const partition of [0, 1, 2]) await produce(client, 'wide', partition, ['a']);
      await join('m', GROUP, ['wide']);
      expect(await asked(0, [0, 1, 2], id, 100)).toEqual([0, 1]);
    });
  });

  test('partitions that there are not', async () => {
    await join();
    const partitions = [-1, 7, 2 ** 31 - 1].map((partitionIndex) => ({ partitionIndex, acknowledgementBatches: [] }));
    const { responses } = await fetch(0, { topics: [{ topicId, partitions }] });
    const codes = responses[0].partitions.map(({ errorCode }) => errorCode);
    expect(codes).toEqual([3, 3, 3]);
  });
});

describe('acknowledgements', () => {
  test.each([
    ['near the largest offset', [ack(FAR - 1, FAR, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['of the largest offset alone', [ack(FAR, FAR, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['below zero', [ack(-FAR, 0, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['of a billion offsets', [ack(0, 999_999_999, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['backwards', [ack(2, 0, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['out of order', [ack(1, 1, ACCEPT), ack(0, 0, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['that overlap', [ack(0, 2, ACCEPT), ack(1, 2, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['that share one offset, as in Kafka', [ack(0, 1, ACCEPT), ack(1, 2, ACCEPT)], ErrorCode.INVALID_RECORD_STATE],
    ['without a type', [ack(0, 2)], ErrorCode.INVALID_REQUEST],
    ['with too few types', [ack(0, 2, ACCEPT, ACCEPT)], ErrorCode.INVALID_REQUEST],
    ['of types that there are not', [ack(0, 2, 9)], ErrorCode.INVALID_REQUEST],
    ['of a negative type', [ack(0, 2, -1)], ErrorCode.INVALID_REQUEST],
  ])('%s are refused, and the records stay with their member', async (_what, acks, expected) => {
    await holding();
    expect(await acknowledge(1, acks)).toBe(expected);
    expect(await acknowledge(2, [ack(0, 2, ACCEPT)])).toBe(ErrorCode.NONE);
  });

  test('a hundred thousand batches in one request', async () => {
    await holding();
    const batches = Array.from({ length: 100_000 }, () => ack(0, 0));
    expect(await acknowledge(1, batches)).toBe(ErrorCode.INVALID_REQUEST);
    expect(await acknowledge(2, [ack(0, 2, ACCEPT)])).toBe(ErrorCode.NONE);
  });

  test('a hundred thousand batches in order, of which three are there', async () => {
    await holding();
    const batches = Array.from({ length: 100_000 }, (_, i) => ack(i, i, ACCEPT));
    expect(await acknowledge(1, batches)).toBe(ErrorCode.INVALID_REQUEST);
    expect(await acknowledge(2, [ack(0, 2, ACCEPT)])).toBe(ErrorCode.NONE);
  });

  test('a hundred thousand batches of what is done are passed over', async () => {
    await holding();
    expect(await acknowledge(1, [ack(0, 2, ACCEPT)])).toBe(ErrorCode.NONE);
    const offsets = Array.from({ length: 100_000 }, (_, i) => Math.floor((3 * i) / 100_000));
    expect(
      await acknowledge(
        2,
        offsets.map((offset) => ack(offset, offset, ACCEPT)),
      ),
    ).toBe(ErrorCode.NONE);
  });

  test('a hundred thousand types in one batch', async () => {
    await holding();
    const types = Array.from({ length: 100_000 }, () => ACCEPT);
    expect(await acknowledge(1, [{ firstOffset: 0, lastOffset: 99_999, acknowledgeTypes: types }])).toBe(
      ErrorCode.INVALID_REQUEST,
    );
    expect(await acknowledge(2, [ack(0, 2, ACCEPT)])).toBe(ErrorCode.NONE);
  });

  test('a partition twice: the last of them counts, as in Kafka', async () => {
    await holding();
    const twice = [ack(0, 0, ACCEPT), ack(1, 1, ACCEPT)].map((one) => ({
      partitionIndex: 0,
      acknowledgementBatches: [one],
    }));
    const request = { groupId: GROUP, memberId: 'm', shareSessionEpoch: 1, topics: [{ topicId, partitions: twice }] };
    const { responses } = await client.send(ShareAcknowledge, 2, request);
    expect(responses[0].partitions).toMatchObject([{ errorCode: ErrorCode.NONE }]);
    expect(await acknowledge(2, [ack(1, 1, ACCEPT)])).toBe(ErrorCode.INVALID_RECORD_STATE);
    expect(await acknowledge(3, [ack(0, 0, ACCEPT), ack(2, 2, ACCEPT)])).toBe(ErrorCode.NONE);
  });

  test('of a topic that the same request forgets', async () => {
    await holding();
    const forgottenTopicsData = [{ topicId, partitions: [0] }];
    const { errorCode, responses } = await fetch(1, { topics: topicsOf([ack(0, 2, ACCEPT)]), forgottenTopicsData });
    expect([errorCode, responses[0].partitions[0].acknowledgeErrorCode]).toEqual([ErrorCode.NONE, ErrorCode.NONE]);
    await produce(client, 't', 0, ['d']);
    expect((await fetch(2)).responses).toEqual([]);
  });

  test('after the session was closed', async () => {
    await holding();
    expect(await acknowledge(-1, [ack(0, 0, ACCEPT)])).toBe(ErrorCode.NONE);
    expect(await acknowledge(1, [ack(1, 1, ACCEPT)])).toBe(ErrorCode.SHARE_SESSION_NOT_FOUND);
    expect(await acknowledge(-1, [ack(1, 1, ACCEPT)])).toBe(ErrorCode.SHARE_SESSION_NOT_FOUND);
  });

  test('a refusal says why, an acknowledgement that counts says nothing', async () => {
    await holding();
    const beyond = topicsOf([ack(FAR, FAR, ACCEPT)]);
    const request = { groupId: GROUP, memberId: 'm', shareSessionEpoch: 1, topics: beyond };
    const { responses } = await client.send(ShareAcknowledge, 2, request);
    const fetched = await fetch(2, { topics: beyond });
    const counted = await fetch(3, { topics: topicsOf([ack(0, 2, ACCEPT)]) });
    const told = errorMessage(ErrorCode.INVALID_REQUEST);
    expect([
      responses[0].partitions[0].errorMessage,
      fetched.responses[0].partitions[0].acknowledgeErrorMessage,
      counted.responses[0].partitions[0].acknowledgeErrorMessage,
    ]).toEqual([told, told, null]);
  });

  test('of what another member holds', async () => {
    await holding();
    await fetch(0, { memberId: 'other' });
    expect(await acknowledge(1, [ack(0, 0, ACCEPT)], { memberId: 'other' })).toBe(ErrorCode.INVALID_RECORD_STATE);
    expect(await acknowledge(1, [ack(0, 2, ACCEPT)])).toBe(ErrorCode.NONE);
  });

  test('of a topic that was deleted, and of one that never was', async () => {
    await holding();
    await client.send(DeleteTopics, 6, { topics: [{ name: 't', topicId: ZERO_UUID }], timeoutMs: 5000 });
    expect(await acknowledge(1, [ack(0, 0, ACCEPT)])).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    expect(await acknowledge(2, [ack(0, 0, ACCEPT)], { id: ZERO_UUID })).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  });
});

test.each([32 * 1024 - 1, 300])('a group id of %i bytes is served as any other', async (length) => {
  const groupId = 'g'.repeat(length);
  await configure({ 'share.auto.offset.reset': 'earliest' }, groupId);
  await produce(client, 't', 0, ['a']);
  const beat = { groupId, memberId: 'm', memberEpoch: 0, subscribedTopicNames: ['t'] };
  expect((await client.send(ShareGroupHeartbeat, 1, beat)).errorCode).toBe(ErrorCode.NONE);
  const { groups } = await client.send(ShareGroupDescribe, 1, {
    groupIds: [groupId],
    includeAuthorizedOperations: false,
  });
  expect(groups[0].errorCode).toBe(ErrorCode.NONE);
  await join('m2', groupId);
  const answer = await fetch(0, { groupId });
  expect([answer.errorCode, answer.responses[0].partitions[0].errorCode]).toEqual([0, 0]);
});

test('the longest group id that there can be is told in refusals', async () => {
  const groupId = 'g'.repeat(32_767);
  const topics = [{ topicName: 't', partitions: [] }];
  const codes = [
    (await client.send(ShareGroupHeartbeat, 1, { groupId, memberId: 'm', memberEpoch: 1 })).errorCode,
    (await client.send(ShareGroupDescribe, 1, { groupIds: [groupId], includeAuthorizedOperations: false })).groups[0]
      .errorCode,
    (await client.send(DeleteShareGroupOffsets, 0, { groupId, topics })).errorCode,
  ];
  expect(codes).toEqual(codes.map(() => ErrorCode.GROUP_ID_NOT_FOUND));
});

describe('the state of share groups', () => {
  const STATE = '__share_group_state';

  test('of a state topic that is deleted nothing hangs: the answer is an error, or the group begins anew', async () => {
    await holding();
    await broker.parts.controller.deleteTopics([{ name: STATE, topicId: ZERO_UUID }]);
    expect(await acknowledge(1, [ack(0, 0, ACCEPT)])).not.toBe(ErrorCode.NONE);
    const { responses } = await fetch(2);
    const [one] = responses.flatMap(({ partitions }) => partitions);
    expect(one?.acquiredRecords ?? []).toEqual([]);
  });

  test('records of unknown kinds and versions, and damaged ones, are passed over', async () => {
    await holding();
    expect(await acknowledge(1, [ack(0, 0, ACCEPT)])).toBe(ErrorCode.NONE);
    const log = broker.parts.partitions.get(STATE, 0)!;
    const keys = ['0063', '0000', '0001ffff', '00000167000000', ''].map((hex) => Buffer.from(hex, 'hex'));
    const values = ['00', '0063', 'ffffffffffff', ''].map((hex) => Buffer.from(hex, 'hex'));
    const records = keys.flatMap((key) => values.map((value) => ({ key, value, timestamp: 1 })));
    const bytes = encodeBatch({ records: [...records, { key: null, value: null, timestamp: 1 }] });
    log.append(bytes, 0, bytes.length);
    broker.parts.partitions.settle();
    const { state } = broker.parts.share.loaded!;
    state.onResign(0);
    state.onLeader(0, log.leaderEpoch + 1);
    let [errorCode, epoch] = [ErrorCode.COORDINATOR_NOT_AVAILABLE as number, 2];
    while (errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
      errorCode = await acknowledge(epoch++, [ack(1, 1, ACCEPT)]); // while the state is read
    }
    expect(errorCode).toBe(ErrorCode.NONE);
  });

  test('garbage from a broker is refused partition by partition', async () => {
    await holding();
    const wrong = { stateEpoch: -1, leaderEpoch: -1, startOffset: -FAR, deliveryCompleteCount: -9, stateBatches: [] };
    const batch = { firstOffset: 5, lastOffset: 1, deliveryState: 9, deliveryCount: -1 };
    const partitions = [
      { partition: -1, ...wrong },
      { partition: 0, ...wrong, stateEpoch: 1000, leaderEpoch: 100, stateBatches: [batch] },
      { partition: 2 ** 31 - 1, ...wrong },
    ];
    const request = { groupId: GROUP, topics: [{ topicId, partitions }] };
    const { results } = await client.send(WriteShareGroupState, 1, request);
    const told = errorMessage(ErrorCode.INVALID_REQUEST);
    expect(results[0].partitions.map((one) => [one.errorCode, one.errorMessage])).toEqual([
      [42, told],
      [42, told],
      [42, told],
    ]);
    const far = { firstOffset: 0, lastOffset: FAR, deliveryState: 3, deliveryCount: 1 };
    const huge = {
      partition: 1,
      ...wrong,
      stateEpoch: 1000,
      leaderEpoch: 100,
      startOffset: FAR - 1,
      stateBatches: [far],
    };
    const written = await client.send(WriteShareGroupState, 1, {
      groupId: GROUP,
      topics: [{ topicId, partitions: [huge] }],
    });
    expect(written.results[0].partitions[0].errorCode).toBeTypeOf('number');
    const { responses } = await fetch(1, { topics: topicsOf([], 1) });
    expect(responses.length).toBeLessThanOrEqual(1);
  });
});

test('a rejected record in a queue that another group reads goes to the queue of that group, and to no third', async () => {
  const takes = { 'errors.deadletterqueue.group.enable': 'true' };
  const [first] = [await createTopic('dlq.first', takes), await createTopic('dlq.second', takes)];
  await configure({ 'errors.deadletterqueue.topic.name': 'dlq.first' });
  const second = {
    'share.auto.offset.reset': 'earliest',
    'errors.deadletterqueue.topic.name': 'dlq.second',
  };
  await configure(second, 'second');
  await holding();
  expect(await acknowledge(1, [ack(0, 0, REJECT)])).toBe(ErrorCode.NONE);
  await join('other', 'second', ['dlq.first']);
  const asked = { groupId: 'second', memberId: 'other', topics: topicsOf([], 0, first) };
  expect((await fetch(0, asked)).responses[0].partitions[0].acquiredRecords).toHaveLength(1);
  const rejected = {
    groupId: 'second',
    memberId: 'other',
    shareSessionEpoch: 1,
    topics: topicsOf([ack(0, 0, REJECT)], 0, first),
  };
  await client.send(ShareAcknowledge, 2, rejected);
  expect(broker.parts.partitions.get('dlq.second', 0)!.highWatermark).toBe(1);
  await configure({ 'errors.deadletterqueue.topic.name': 'dlq.first' }, 'second');
  expect(broker.parts.partitions.get('dlq.first', 0)!.highWatermark).toBe(1);
});

test.each([10, 100, 300])('a queue that takes %i bytes a batch: the record is archived', async (maxBytes) => {
  const takes = { 'errors.deadletterqueue.group.enable': 'true', 'max.message.bytes': `${maxBytes}` };
  await createTopic('dlq.small', takes);
  await configure({ 'errors.deadletterqueue.topic.name': 'dlq.small' });
  await holding();
  expect(await acknowledge(1, [ack(0, 0, REJECT)])).toBe(ErrorCode.NONE);
  expect(await acknowledge(2, [ack(1, 2, ACCEPT)])).toBe(ErrorCode.NONE);
});

test('a queue with a name of the broker is refused', async () => {
  expect(await configure({ 'errors.deadletterqueue.topic.name': '__mine' })).toBe(ErrorCode.INVALID_CONFIG);
});
