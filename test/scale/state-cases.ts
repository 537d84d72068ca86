/** State that is read from the internal topics and the metadata log, and what of it expires. */
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch, type RecordDraft } from '../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { emptyImage } from '../../src/cluster/image.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import type { MetadataRecord } from '../../src/cluster/metadata-records.ts';
import { newConsumerMember } from '../../src/groups/consumer/state.ts';
import type { Group } from '../../src/groups/group.ts';
import type { GroupPartition, GroupShard } from '../../src/groups/group-partition.ts';
import type { GroupRecord } from '../../src/groups/group-record.ts';
import { newGroupPartition } from '../../src/groups/kinds.ts';
import type { OffsetRecord } from '../../src/groups/offsets/records.ts';
import { OffsetSweeps } from '../../src/groups/offsets/sweeps.ts';
import { encodeRecord } from '../../src/groups/records.ts';
import { replayPieces } from '../../src/groups/replay-log.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { TransactionPartition } from '../../src/transactions/transaction-partition.ts';
import { encodeTransaction } from '../../src/transactions/transaction-records.ts';
import type { Transaction } from '../../src/transactions/transaction-state.ts';
import { MemoryLog } from '../coordination/memory-log.ts';
import type { Prepared, ScaleCase } from './scale-case.ts';

const COMMITTED = {
  offset: 1,
  leaderEpoch: 0,
  metadata: '',
  commitTimestamp: 1,
  expireTimestamp: -1,
  topicId: ZERO_UUID,
};

function offset(groupId: string, topic: string, partition: number): OffsetRecord {
  return { type: 'offset', groupId, topic, partition, committed: COMMITTED };
}

const RECORDS_A_BATCH = 1000;

/** A partition of __consumer_offsets with one record for each number, and its load. */
function loadedGroups(count: number, recordOf: (i: number) => GroupRecord, producerId = -1): Prepared {
  const log = groupLog(count, recordOf, producerId);
  return { run: () => load(log) };
}

function groupLog(count: number, recordOf: (i: number) => GroupRecord, producerId = -1): MemoryLog {
  const log = new MemoryLog();
  const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  for (let from = 0; from < count; from += RECORDS_A_BATCH) {
    const length = Math.min(RECORDS_A_BATCH, count - from);
    const drafts = Array.from({ length }, (_, i) => encodeRecord(recordOf(from + i), 1));
    log.batches.push(encodeBatch({ records: drafts, ...producer }));
  }
  return log;
}

function load(log: MemoryLog): void {
  const fail = (_offset: number, error: Error): never => {
    throw error;
  };
  const pieces = replayPieces(log, newGroupPartition(), () => {}, fail);
  while (pieces.next().done !== true);
}

function committedBy(producerId: number, draft: RecordDraft): Buffer {
  const producer = { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  return encodeBatch({ records: [draft], ...producer });
}

function commitMarker(producerId: number): Buffer {
  const producer = { producerId, producerEpoch: 0, baseSequence: -1, isTransactional: true, isControl: true };
  return encodeBatch({ records: [endTxnMarker('COMMIT', 0, 1)], ...producer });
}

/** Producers that have all committed the same offset in transactions that then end one after the other. */
function sharedOffset(count: number): Prepared {
  const log = new MemoryLog();
  const draft = encodeRecord(offset('g', 't', 0), 1);
  for (let producerId = 0; producerId < count; producerId++) log.batches.push(committedBy(producerId, draft));
  for (let producerId = 0; producerId < count; producerId++) log.batches.push(commitMarker(producerId));
  return { run: () => load(log) };
}

/** One transaction that commits the same offset again and again, and commits of the same offset outside of it. */
function repeatedOffset(count: number): Prepared {
  const log = new MemoryLog();
  const draft = encodeRecord(offset('g', 't', 0), 1);
  for (let i = 0; i < count; i++) log.batches.push(committedBy(1, draft), encodeBatch({ records: [draft] }));
  log.batches.push(commitMarker(1));
  return { run: () => load(log) };
}

function transactionOf(transactionalId: string): Transaction {
  return {
    transactionalId,
    state: 'Ongoing',
    producerId: 1,
    producerEpoch: 0,
    previousProducerId: -1,
    nextProducerId: -1,
    lastProducerEpoch: -1,
    timeoutMs: 60_000,
    partitions: new Map([['t', new Set([0])]]),
    startMs: 1,
    lastUpdateMs: 1,
    clientVersion: 2,
  };
}

function loadedTransactions(count: number, idOf: (i: number) => string): Prepared {
  const log = new MemoryLog();
  for (let from = 0; from < count; from += RECORDS_A_BATCH) {
    const length = Math.min(RECORDS_A_BATCH, count - from);
    log.appendRecords(
      Array.from({ length }, (_, i) => encodeTransaction(idOf(from + i), transactionOf(idOf(from + i)), 1, 1)),
    );
  }
  const partition = new TransactionPartition();
  const pieces = (): Iterator<void> =>
    log.recordPieces(
      (record) => partition.replayRecord(record),
      () => {},
    );
  return {
    run: () => {
      for (const all = pieces(); all.next().done !== true;);
    },
  };
}

const LIVE_PARTITION = {
  leader: 1,
  leaderEpoch: 0,
  partitionEpoch: 0,
  leaderRecoveryState: 0,
  replicas: [1],
  isr: [1],
  eligibleLeaderReplicas: null,
  lastKnownElr: null,
  addingReplicas: [],
  removingReplicas: [],
  directories: [],
};

function metadata(count: number, topicOf: (i: number) => number): Prepared {
  const log: MetadataRecord[] = [];
  let topics = -1;
  for (let i = 0; i < count; i++) {
    const topic = topicOf(i);
    const topicId = `t${topic}`;
    if (topic > topics) log.push({ type: 'TopicRecord', name: topicId, topicId });
    topics = Math.max(topics, topic);
    const partitionId = topicOf(count - 1) === 0 ? i : 0;
    log.push({ type: 'PartitionRecord', topicId, partitionId, ...LIVE_PARTITION });
  }
  return { run: () => void replay(emptyImage('c'), log, log.length) };
}

const EXPIRED = 1e12;

/** What the sweeps of a coordinator ask for, on a state without a log. */
function sweeps(state: GroupPartition): { shard: GroupShard; sweeps: OffsetSweeps } {
  const written = {
    write: (_shard: GroupShard, tombstones: readonly OffsetRecord[]): number => {
      for (const tombstone of tombstones) state.replay(tombstone);
      return 0;
    },
    remove: (_shard: GroupShard, group: Group): number => {
      state.groups.delete(group.groupId);
      return 0;
    },
  };
  return { shard: { state } as GroupShard, sweeps: new OffsetSweeps({ ...systemClock, now: () => EXPIRED }, written) };
}

function allOf(pieces: Iterator<void>): void {
  while (pieces.next().done !== true);
}

/** All of it has expired. */
function expiry(count: number, recordOf: (i: number) => OffsetRecord): Prepared {
  const state = newGroupPartition();
  for (let i = 0; i < count; i++) state.replay(recordOf(i));
  const made = sweeps(state);
  return { run: () => allOf(made.sweeps.expire(made.shard, 1)) };
}

/** One member of a consumer group reads as many topics as the group has offsets of. */
function expiryOfRead(count: number): Prepared {
  const state = newGroupPartition();
  const topics = Array.from({ length: count }, (_, i) => `t${i}`);
  const member = { ...newConsumerMember('m'), subscribedTopicNames: topics };
  state.replay({ type: 'consumerMember', groupId: 'g', memberId: 'm', value: member } as GroupRecord);
  for (const topic of topics) state.replay(offset('g', topic, 0));
  const made = sweeps(state);
  return { run: () => allOf(made.sweeps.expire(made.shard, 1)) };
}

/** As many topics deleted at once as there are groups, of which each has offsets of one. */
function deletedTopics(count: number): Prepared {
  const state = newGroupPartition();
  for (let i = 0; i < count; i++) state.replay(offset(`g${i}`, `t${i}`, 0));
  const topics = Array.from({ length: count }, (_, i) => ({ name: `t${i}`, id: ZERO_UUID }));
  const made = sweeps(state);
  return { run: () => allOf(made.sweeps.forgetTopics(made.shard, topics)) };
}

export const STATE_CASES: readonly ScaleCase[] = [
  {
    what: 'groups loaded, one offset each',
    sizes: [5000, 20_000],
    prepare: (count) => loadedGroups(count, (i) => offset(`g${i}`, 't', 0)),
  },
  {
    what: 'offsets of one group loaded, topic by topic',
    sizes: [5000, 20_000],
    prepare: (count) => loadedGroups(count, (i) => offset('g', `t${i}`, 0)),
  },
  {
    what: 'offsets of one open transaction loaded',
    sizes: [5000, 20_000],
    prepare: (count) => loadedGroups(count, (i) => offset('g', 't', i), 7),
  },
  { what: 'producers that commit one offset in open transactions, loaded', sizes: [2000, 8000], prepare: sharedOffset },
  { what: 'commits of one offset in one transaction, loaded', sizes: [2000, 8000], prepare: repeatedOffset },
  {
    what: 'transactional ids loaded',
    sizes: [5000, 20_000],
    prepare: (count) => loadedTransactions(count, (i) => `id-${i}`),
  },
  {
    what: 'records of one transactional id loaded',
    sizes: [5000, 20_000],
    prepare: (count) => loadedTransactions(count, () => 'id'),
  },
  {
    what: 'groups that expire, of one offset each',
    sizes: [5000, 20_000],
    prepare: (count) => expiry(count, (i) => offset(`g${i}`, 't', 0)),
  },
  {
    what: 'offsets of one group that expire',
    sizes: [5000, 20_000],
    prepare: (count) => expiry(count, (i) => offset('g', `t${i}`, 0)),
  },
  { what: 'expiry of a group that reads the topics of all its offsets', sizes: [5000, 20_000], prepare: expiryOfRead },
  { what: 'topics deleted together that as many groups read', sizes: [5000, 20_000], prepare: deletedTopics },
  {
    what: 'topics of the metadata log replayed',
    sizes: [5000, 20_000],
    prepare: (count) => metadata(count, (i) => i),
  },
  { what: 'partitions of one topic replayed', sizes: [5000, 20_000], prepare: (count) => metadata(count, () => 0) },
];
