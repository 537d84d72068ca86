import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { nextTurn } from '../../src/platform/clock.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { SlowDisk } from '../log/slow-disk.ts';

const partitions = [{ partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: -1, committedMetadata: null }];
const COMMIT = {
  groupId: 'g',
  memberId: '',
  groupInstanceId: null,
  generationId: -1,
  retentionTimeMs: -1,
  knowsEpochs: true,
  topics: [{ name: 't', topicId: ZERO_UUID, partitions }],
};
const FETCH = { groupId: 'g', topics: null };

/** Every append waits for its sync, which returns when the test says so. */
async function brokerWithSlowSyncs() {
  const files = new SlowDisk();
  files.isSlow = false;
  const settings = {
    listeners: 'PLAINTEXT://127.0.0.1:0',
    'log.dirs': '/data',
    'log.flush.interval.messages': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.num.partitions': '1',
  };
  const broker = await startBroker({ files, settings });
  await broker.parts.groups.ensureOffsetsTopic();
  await broker.parts.transactions.ensureTopic();
  await nextTurn();
  files.isSlow = true;
  return { broker, files, groups: broker.parts.groups, transactions: broker.parts.transactions };
}

test('a commit of offsets waits for the disk without holding the broker, and a fetch of them waits with it', async () => {
  const { broker, files, groups } = await brokerWithSlowSyncs();
  const heard: string[] = [];
  const committing = Promise.resolve(groups.commitOffsets(COMMIT)).then(() => heard.push('committed'));
  const fetched = groups.fetchOffsets(FETCH, false);
  const fetching = Promise.resolve(groups.whenCommitted('g', fetched, () => fetched)).then(() => heard.push('fetched'));
  await nextTurn();
  expect([heard, files.syncs.length]).toEqual([[], 1]);
  await files.finishSync();
  await Promise.all([committing, fetching]);
  expect(heard).toEqual(['committed', 'fetched']);
  files.isSlow = false;
  await broker.stop();
});

test('a commit whose sync fails is told so, and its offset is told to nobody', async () => {
  const { broker, files, groups } = await brokerWithSlowSyncs();
  const committing = groups.commitOffsets(COMMIT);
  await files.finishSync(diskError('EIO', 'sync', '/data'));
  const [topic] = await committing;
  expect(topic.partitions[0].errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  expect(groups.fetchOffsets(FETCH, false).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  files.isSlow = false;
  await broker.stop();
});

test('an id of a producer, and the end of its transaction, wait for the disk', async () => {
  const { broker, files, transactions } = await brokerWithSlowSyncs();
  const heard: string[] = [];
  const init = transactions.init({ transactionalId: 'id', timeoutMs: 60_000, expected: null }).then((answer) => {
    heard.push('init');
    return answer;
  });
  while (files.syncs.length === 0) await nextTurn(); // the controller gives ids out first
  expect(heard).toEqual([]);
  await files.finishSync();
  const producer = await init;
  expect(producer.errorCode).toBe(ErrorCode.NONE);
  const offsets = { topic: '__consumer_offsets', partition: 0 };
  const adding = transactions.addPartitions('id', producer, [offsets], 2);
  expect(adding).toBeInstanceOf(Promise);
  await files.finishSync();
  expect(await adding).toBe(ErrorCode.NONE);
  const end = transactions.end({ transactionalId: 'id', ...producer, committed: true, clientVersion: 2 });
  await nextTurn();
  expect(transactions.describe('id').transactionState).toBe('PrepareCommit');
  const partition = broker.parts.partitions.get('__consumer_offsets', 0)!;
  const before = partition.endOffset;
  await files.finishSync(); // of the decision
  expect((await end).errorCode).toBe(ErrorCode.NONE);
  expect(partition.endOffset).toBe(before + 1); // the marker, which waits for its own sync
  expect(transactions.describe('id').transactionState).toBe('PrepareCommit');
  await files.finishSync();
  await nextTurn();
  expect(transactions.describe('id').transactionState).toBe('CompleteCommit');
  files.isSlow = false;
  for (const { release } of files.syncs) release(null);
  await broker.stop();
});
