import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { encodeRecord } from '../../src/groups/records.ts';
import type { OffsetRecord } from '../../src/groups/offsets/records.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { batchOfHeaders } from '../protocol/records/header-bomb.ts';
import { GroupBroker, tables } from './group-broker.ts';

const { DescribeGroups, Heartbeat, JoinGroup, ListGroups, OffsetCommit, OffsetFetch, SyncGroup } = tables;

function commit(broker: GroupBroker, groupId: string, committedOffset: number) {
  return broker.send(OffsetCommit, 8, {
    groupId,
    memberId: '',
    topics: [{ name: 't1', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
  });
}

async function committed(broker: GroupBroker, groupId: string): Promise<number> {
  const { groups } = await broker.send(OffsetFetch, 8, {
    groups: [{ groupId, topics: [{ name: 't1', partitionIndexes: [0] }] }],
  });
  return groups[0].errorCode === ErrorCode.NONE
    ? groups[0].topics[0].partitions[0].committedOffset
    : -groups[0].errorCode;
}

/** A broker whose log for 'g' takes so long to read that each of its ten batches is a slice of its own. */
async function restartedSlowly(): Promise<GroupBroker> {
  const broker = new GroupBroker().start();
  for (let offset = 1; offset <= 10; offset++) await commit(broker, 'g', offset);
  const { clock } = broker;
  const monotonic = clock.monotonic.bind(clock);
  let readingMs = 0;
  clock.monotonic = () => monotonic() + readingMs;
  broker.logOf('g').pieceRead = () => {
    readingMs += 15;
  };
  await clock.advance(1000);
  broker.restart();
  return broker;
}

test('while a partition is read its groups are loading, and all is there once it is read', async () => {
  const broker = await restartedSlowly();
  const groupId = 'g';
  const loading = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
  expect(await committed(broker, groupId)).toBe(-loading);
  const { topics } = await commit(broker, groupId, 99);
  expect(topics[0].partitions[0].errorCode).toBe(loading);
  const joining = { groupId, memberId: '', sessionTimeoutMs: 10_000, protocolType: 'consumer' };
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }];
  expect(await broker.send(JoinGroup, 5, { ...joining, protocols })).toMatchObject({ errorCode: loading });
  expect(await broker.send(DescribeGroups, 5, { groups: [groupId] })).toMatchObject({
    groups: [{ errorCode: loading }],
  });
  expect(await broker.send(ListGroups, 5, {})).toMatchObject({ errorCode: loading, groups: [] });
  expect(broker.groups.deleteGroup(groupId)).toBe(loading);
  // Members that were there before are not to give up what they have.
  expect(await broker.send(Heartbeat, 4, { groupId, memberId: 'm', generationId: 1 })).toMatchObject({ errorCode: 0 });
  expect(await broker.send(SyncGroup, 4, { groupId, memberId: 'm', generationId: 1, assignments: [] })).toMatchObject({
    errorCode: ErrorCode.REBALANCE_IN_PROGRESS,
  });
  await broker.clock.advance(10);
  expect(await committed(broker, groupId)).toBe(10);
  expect(await broker.send(ListGroups, 5, {})).toMatchObject({ errorCode: 0, groups: [{ groupId }] });
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('a partition that goes to another broker while it is read is read no further', async () => {
  const broker = await restartedSlowly();
  broker.groups.onResign(broker.groups.partitionFor('g'));
  expect(await committed(broker, 'g')).toBe(-ErrorCode.NOT_COORDINATOR);
  broker.logOf('g').pieceRead = () => {
    throw new Error('it is read on');
  };
  await broker.clock.advance(10);
  expect(await committed(broker, 'g')).toBe(-ErrorCode.NOT_COORDINATOR);
  broker.logOf('g').pieceRead = null;
  broker.groups.onLeader(broker.groups.partitionFor('g'), 2);
  await broker.clock.advance(10);
  expect(await committed(broker, 'g')).toBe(10);
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

test('offsets of a topic that is deleted while they are read are gone once they are', async () => {
  const broker = await restartedSlowly();
  expect(await committed(broker, 'g')).toBe(-ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  broker.setTopic('t1', 0);
  await broker.clock.advance(10);
  expect(await committed(broker, 'g')).toBe(-1);
  broker.restart();
  await broker.clock.advance(10);
  expect(await committed(broker, 'g')).toBe(-1);
  broker.groups.stop();
});

test('a coordinator that stops while it loads leaves no timer', async () => {
  const broker = await restartedSlowly();
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

const OFFSETS_TOPIC = '__consumer_offsets';
const BATCHES = 60;
const RECORDS_A_BATCH = 2000;

test('a broker answers before it has read many offsets, and knows them all soon after', async () => {
  const files = new MemoryFiles();
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/data', 'offsets.topic.num.partitions': '1' };
  const first = await startBroker({ files, settings });
  await first.parts.groups.ensureOffsetsTopic();
  const log = first.parts.partitions.get(OFFSETS_TOPIC, 0);
  const at = (batch: number) =>
    Array.from({ length: RECORDS_A_BATCH }, (_, i): OffsetRecord => {
      const stored = { offset: batch, leaderEpoch: -1, metadata: '', commitTimestamp: 1, expireTimestamp: -1 };
      return { type: 'offset', groupId: 'g', topic: 't', partition: i, committed: { ...stored, topicId: ZERO_UUID } };
    });
  for (let batch = 1; batch <= BATCHES; batch++) log?.appendRecords(at(batch).map((record) => encodeRecord(record, 1)));
  await first.stop();

  const second = await startBroker({ files, settings });
  const request = { groupId: 'g', memberId: null, memberEpoch: -1, topics: null };
  const fetched = () => second.parts.groups.fetchOffsets(request, false);
  expect(fetched().errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  await expect.poll(() => fetched().errorCode, { timeout: 20_000 }).toBe(ErrorCode.NONE);
  const { partitions } = fetched().topics[0];
  expect(partitions).toHaveLength(RECORDS_A_BATCH);
  expect(new Set(partitions.map(({ committedOffset }) => committedOffset))).toEqual(new Set([BATCHES]));
  await second.stop();
});

test('a record that cannot be read ends no start: it is passed over, and all others count', async () => {
  const broker = new GroupBroker().start();
  await commit(broker, 'g', 7);
  const log = broker.logOf('g');
  const key = encodeRecord(
    { type: 'offset', groupId: 'g', topic: 't1', partition: 1, committed: null } as never,
    1,
  ).key;
  const unknownVersion = Buffer.from([0x7f, 0xff, 0, 0]);
  log.batches.push(
    encodeBatch({ records: [{ key, value: unknownVersion, timestamp: 1 }] }),
    encodeBatch({ records: [{ key: Buffer.from([0]), value: null, timestamp: 1 }] }), // shorter than its kind
    batchOfHeaders(4_000_000, Buffer.from('kk')),
    notCompressed(),
  );
  await commit(broker, 'g', 8);
  const before = process.memoryUsage().heapUsed;
  broker.restart();
  expect(await committed(broker, 'g')).toBe(8);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
});

/** Says that it is compressed with gzip, and is not. */
function notCompressed(): Buffer {
  const bytes = encodeBatch({ records: [{ key: Buffer.from('k'), value: null, timestamp: 1 }] });
  batch.setCompression(bytes, 0, 1);
  return bytes;
}
