import { describe, expect, test } from 'vitest';
import { encodeMetadataRecord } from '../../protocol/metadata/index.ts';
import { NoOpRecord } from '../../protocol/metadata/log-records.ts';
import { AccessControlEntryRecord } from '../../protocol/metadata/security-records.ts';
import { batches } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { MetadataBatch } from '../../src/cluster/metadata-store.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { Cluster, LOG_PATH, topic } from './cluster-fixture.ts';

function named(...names: string[]): MetadataDraft[] {
  return names.map((name) => ({ type: 'FeatureLevelRecord', name, featureLevel: 1 }));
}

const NAMES = ({ records }: { records: readonly object[] }) =>
  records.map((record) => (record as { name: string }).name);

/** A store that has been read, and the batches that were appended to it since. */
async function opened(cluster: Cluster) {
  const store = cluster.store();
  const loaded = await store.load();
  const told: MetadataBatch[] = [];
  store.watch((batch) => told.push(batch));
  const revision = () => [...loaded, ...told].at(-1)?.revision ?? -1;
  const append = (records: readonly MetadataDraft[]) => store.append(records, revision());
  return { store, told, append };
}

/** A store that has three batches, of offsets 0, 1 to 2, and 3. */
async function threeBatches() {
  const cluster = await Cluster.open();
  const { store, told, append } = await opened(cluster);
  for (const records of [named('a'), named('b', 'c'), named('d')]) expect(await append(records)).toBe('stored');
  await store.close();
  const bytes = cluster.files.readAll(LOG_PATH);
  return { cluster, revisions: told.map(({ revision }) => revision), bytes, starts: [...batches(bytes)] };
}

const load = (cluster: Cluster) => cluster.store().load();

test('what was appended is there when the log is opened again, batch by batch', async () => {
  const { cluster, revisions } = await threeBatches();
  expect(revisions).toEqual([0, 2, 3]);
  const loaded = await load(cluster);
  expect(loaded.map(NAMES)).toEqual([['a'], ['b', 'c'], ['d']]);
  expect(loaded.map(({ revision }) => revision)).toEqual(revisions);
});

test('those who watch are told of what a reader will see, before the append is answered', async () => {
  const cluster = await Cluster.open();
  const { told, append } = await opened(cluster);
  const answered = append([
    {
      type: 'PartitionRecord',
      topicId: 'Yzuwlcq0QZum8IWZW66tIA',
      partitionId: 0,
      replicas: [1],
      isr: [1],
      leader: 1,
      removingReplicas: [],
      addingReplicas: [],
    },
  ]);
  expect(told).toEqual(await load(cluster));
  expect(told).toHaveLength(1);
  expect(await answered).toBe('stored');
});

test('an append that has not seen the last batch changes nothing', async () => {
  const cluster = await Cluster.open();
  const { store, told } = await opened(cluster);
  expect(await store.append(named('a'), -1)).toBe('stored');
  for (const revision of [-1, 1, 7]) expect(await store.append(named('b'), revision)).toBe('conflict');
  expect(await store.append(named('c'), 0)).toBe('stored');
  expect(told.map(NAMES)).toEqual([['a'], ['c']]);
  expect((await load(cluster)).map(NAMES)).toEqual([['a'], ['c']]);
});

test('all who watch see batches in the same order, also where one of them appends, and none after they have ended it', async () => {
  const { store } = await opened(await Cluster.open());
  const seen: string[] = [];
  store.watch(({ revision }) => {
    if (revision === 0) void store.append(named('b'), 0);
  });
  const end = store.watch((batch) => seen.push(...NAMES(batch)));
  await store.append(named('a'), -1);
  expect(seen).toEqual(['a', 'b']);
  end();
  await store.append(named('c'), 1);
  expect(seen).toEqual(['a', 'b']);
});

test('every append is on the disk before it is answered', async () => {
  const cluster = await Cluster.open();
  const { append } = await opened(cluster);
  const operations: string[] = [];
  cluster.files.before = (operation) => void operations.push(operation);
  await append(named('a'));
  expect(operations).toEqual(['write', 'sync']);
});

test('a log cut anywhere loses the batch that is not whole, and only that', async () => {
  const { cluster, bytes, starts } = await threeBatches();
  for (let length = bytes.length - 1; length >= 0; length--) {
    cluster.files.replace(LOG_PATH, bytes.subarray(0, length));
    const whole = [...starts, bytes.length].filter((end) => end > 0 && end <= length).length;
    expect(await load(cluster)).toHaveLength(whole);
    expect(cluster.files.size(LOG_PATH)).toBe(whole === 0 ? 0 : [...starts, bytes.length][whole]);
    const { append } = await opened(cluster);
    expect(await append(named('again'))).toBe('stored');
    expect(await load(cluster)).toHaveLength(whole + 1);
  }
  expect(cluster.warnings[0]).toMatchObject({ event: 'metadata-tail-cut' });
});

test('a bit that flips in the last batch costs that batch', async () => {
  const { cluster, bytes, starts } = await threeBatches();
  const damaged = Buffer.from(bytes);
  damaged[starts[2] + 70] ^= 1;
  cluster.files.replace(LOG_PATH, damaged);
  expect(await load(cluster)).toHaveLength(2);
});

test('a bit that flips anywhere before whole batches is damage that nobody cuts away', async () => {
  const { cluster, bytes, starts } = await threeBatches();
  for (let at = starts[1]; at < starts[2]; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] ^= 0x10;
    if (damaged.readInt32BE(starts[1] + 12) !== bytes.readInt32BE(starts[1] + 12)) continue; // the leader epoch says nothing here
    cluster.files.replace(LOG_PATH, damaged);
    await expect(load(cluster), `byte ${at - starts[1]} of the batch`).rejects.toThrow(/damaged at byte/);
    expect(cluster.files.readAll(LOG_PATH)).toEqual(damaged);
  }
});

describe('an append that the disk refuses', () => {
  test.each(['write', 'sync'] as const)('at its %s leaves nothing behind, and the next one works', async (failing) => {
    const { cluster } = await threeBatches();
    const { told, append } = await opened(cluster);
    const before = cluster.files.readAll(LOG_PATH);
    let isFull = true;
    cluster.files.before = (operation, path) => {
      if (isFull && operation === failing) throw diskError('ENOSPC', operation, path);
      isFull = isFull && operation !== 'truncate';
    };
    await expect(append(named('lost'))).rejects.toThrow(/ENOSPC/);
    expect(told).toEqual([]);
    expect(cluster.files.readAll(LOG_PATH)).toEqual(before);
    expect(await append(named('kept'))).toBe('stored');
    expect(told).toMatchObject([{ revision: 4 }]);
    expect((await load(cluster)).map(NAMES)).toEqual([['a'], ['b', 'c'], ['d'], ['kept']]);
  });
});

test('a rewritten log ends at the revision it had, and goes on from there', async () => {
  const { cluster } = await threeBatches();
  const { store, append } = await opened(cluster);
  await store.rewrite(named('all'), 3);
  expect(await append(named('next'))).toBe('stored');
  const loaded = await load(cluster);
  expect(loaded.map(NAMES)).toEqual([['all'], ['next']]);
  expect(loaded.map(({ revision }) => revision)).toEqual([3, 4]);
});

async function logOf(...values: Buffer[]): Promise<Cluster> {
  const cluster = await Cluster.open();
  cluster.files.replace(
    LOG_PATH,
    encodeBatch({ records: values.map((value) => ({ key: null, value, timestamp: 1 })) }),
  );
  return cluster;
}

const ACL = encodeMetadataRecord(AccessControlEntryRecord, 0, {
  id: 'Yzuwlcq0QZum8IWZW66tIA',
  resourceType: 2,
  resourceName: 'orders',
  patternType: 3,
  principal: 'User:alice',
  host: '*',
  operation: 3,
  permissionType: 3,
});

test.each([
  [
    'one that is cut off',
    ACL.subarray(0, -1),
    /at offset 1 cannot be read: AccessControlEntryRecord v0 does not decode/,
  ],
  [
    'one of a newer Kafka',
    Buffer.from([1, 99, 0]),
    /at offset 1 cannot be read: metadata record type 99 v0 .* is not known/,
  ],
  ['an empty one', Buffer.alloc(0), /at offset 1 cannot be read/],
])('%s stops the start, and is named with its offset', async (_what, value, words) => {
  await expect(load(await logOf(ACL, value))).rejects.toThrow(words);
  expect((await load(await logOf(ACL, ACL)))[0].records).toHaveLength(2);
});

test('a log that an Apache Kafka has led since stops the start, and says so', async () => {
  const cluster = await logOf(encodeMetadataRecord(NoOpRecord, 0, {}));
  const election = { key: Buffer.from([0, 0, 0, 2]), value: Buffer.from([0, 0]), timestamp: 1 };
  const led = encodeBatch({ records: [election], isControl: true, baseOffset: 1, leaderEpoch: 2 });
  cluster.files.replace(LOG_PATH, Buffer.concat([cluster.files.readAll(LOG_PATH), led]));
  await expect(load(cluster)).rejects.toThrow(/Apache Kafka has run on this directory/);
});

test('a cluster is after a restart what it was, under new epochs', async () => {
  const first = await Cluster.registered();
  await first.create(topic('t', { numPartitions: 2 }));
  const before = first.controller.image;
  await first.controller.close();
  const again = await Cluster.open({}, first.files);
  expect(again.controller.image).toEqual(before);
  const { image } = (await again.register()).controller;
  expect(image.topicsByName.get('t')?.partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([1, 1]);
  expect(image.brokers.get(1)!.epoch).toBeGreaterThan(before.brokers.get(1)!.epoch);
});
