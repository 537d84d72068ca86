import { describe, expect, test } from 'vitest';
import { encodeMetadataRecord } from '../../protocol/metadata/index.ts';
import { NoOpRecord } from '../../protocol/metadata/log-records.ts';
import { AccessControlEntryRecord } from '../../protocol/metadata/security-records.ts';
import { batches } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { Cluster, LOG_PATH, topic } from './cluster-fixture.ts';

function named(...names: string[]): MetadataDraft[] {
  return names.map((name) => ({ type: 'FeatureLevelRecord', name, featureLevel: 1 }));
}

const NAMES = ({ records }: { records: readonly object[] }) =>
  records.map((record) => (record as { name: string }).name);

/** A store that has three batches, of offsets 0, 1 to 2, and 3. */
function threeBatches() {
  const cluster = new Cluster();
  const store = cluster.store();
  store.load();
  const revisions = [named('a'), named('b', 'c'), named('d')].map((records) => store.append(records).revision);
  store.close();
  const bytes = cluster.files.readAll(LOG_PATH);
  return { cluster, revisions, bytes, starts: [...batches(bytes)] };
}

test('what was appended is there when the log is opened again, batch by batch', () => {
  const { cluster, revisions } = threeBatches();
  expect(revisions).toEqual([0, 2, 3]);
  const loaded = cluster.store().load();
  expect(loaded.map(NAMES)).toEqual([['a'], ['b', 'c'], ['d']]);
  expect(loaded.map(({ revision }) => revision)).toEqual(revisions);
});

test('an append answers what a reader will see', () => {
  const cluster = new Cluster();
  const store = cluster.store();
  store.load();
  const answered = store.append([
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
  expect(answered).toEqual(cluster.store().load()[0]);
});

test('every append is on the disk before it returns', () => {
  const cluster = new Cluster();
  const store = cluster.store();
  store.load();
  const operations: string[] = [];
  cluster.files.before = (operation) => void operations.push(operation);
  store.append(named('a'));
  expect(operations).toEqual(['write', 'sync']);
});

test('a log cut anywhere loses the batch that is not whole, and only that', () => {
  const { cluster, bytes, starts } = threeBatches();
  for (let length = bytes.length - 1; length >= 0; length--) {
    cluster.files.replace(LOG_PATH, bytes.subarray(0, length));
    const whole = [...starts, bytes.length].filter((end) => end > 0 && end <= length).length;
    const store = cluster.store();
    expect(store.load()).toHaveLength(whole);
    expect(cluster.files.size(LOG_PATH)).toBe(whole === 0 ? 0 : [...starts, bytes.length][whole]);
    expect(NAMES(store.append(named('again')))).toEqual(['again']);
    expect(cluster.store().load()).toHaveLength(whole + 1);
  }
  expect(cluster.warnings[0]).toMatchObject({ event: 'metadata-tail-cut' });
});

test('a bit that flips in the last batch costs that batch', () => {
  const { cluster, bytes, starts } = threeBatches();
  const damaged = Buffer.from(bytes);
  damaged[starts[2] + 70] ^= 1;
  cluster.files.replace(LOG_PATH, damaged);
  expect(cluster.store().load()).toHaveLength(2);
});

test('a bit that flips anywhere before whole batches is damage that nobody cuts away', () => {
  const { cluster, bytes, starts } = threeBatches();
  for (let at = starts[1]; at < starts[2]; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] ^= 0x10;
    if (damaged.readInt32BE(starts[1] + 12) !== bytes.readInt32BE(starts[1] + 12)) continue; // the leader epoch says nothing here
    cluster.files.replace(LOG_PATH, damaged);
    expect(() => cluster.store().load(), `byte ${at - starts[1]} of the batch`).toThrow(/damaged at byte/);
    expect(cluster.files.readAll(LOG_PATH)).toEqual(damaged);
  }
});

describe('an append that the disk refuses', () => {
  test.each(['write', 'sync'] as const)('at its %s leaves nothing behind, and the next one works', (failing) => {
    const { cluster } = threeBatches();
    const store = cluster.store();
    store.load();
    const before = cluster.files.readAll(LOG_PATH);
    let isFull = true;
    cluster.files.before = (operation, path) => {
      if (isFull && operation === failing) throw diskError('ENOSPC', operation, path);
      isFull = isFull && operation !== 'truncate';
    };
    expect(() => store.append(named('lost'))).toThrow(/ENOSPC/);
    expect(cluster.files.readAll(LOG_PATH)).toEqual(before);
    expect(store.append(named('kept')).revision).toBe(4);
    expect(cluster.store().load().map(NAMES)).toEqual([['a'], ['b', 'c'], ['d'], ['kept']]);
  });
});

test('a rewritten log ends at the revision it had, and goes on from there', () => {
  const { cluster } = threeBatches();
  const store = cluster.store();
  store.load();
  store.rewrite(named('all'), 3);
  expect(store.append(named('next')).revision).toBe(4);
  const loaded = cluster.store().load();
  expect(loaded.map(NAMES)).toEqual([['all'], ['next']]);
  expect(loaded.map(({ revision }) => revision)).toEqual([3, 4]);
});

function logOf(...values: Buffer[]): Cluster {
  const cluster = new Cluster();
  cluster.files.replace(
    LOG_PATH,
    encodeBatch({ records: values.map((value) => ({ key: null, value, timestamp: 1 })) }),
  );
  return cluster;
}

test('a record that this version does not act on stops the start: without ACLs everybody could do everything', () => {
  const acl = encodeMetadataRecord(AccessControlEntryRecord, 0, {
    id: 'Yzuwlcq0QZum8IWZW66tIA',
    resourceType: 2,
    resourceName: 't',
    patternType: 3,
    principal: 'User:a',
    host: '*',
    operation: 3,
    permissionType: 2,
  });
  expect(() => logOf(acl).store().load()).toThrow(/AccessControlEntryRecord/);
  expect(
    logOf(encodeMetadataRecord(NoOpRecord, 0, {}))
      .store()
      .load(),
  ).toHaveLength(1);
});

test('a cluster is after a restart what it was, under new epochs', async () => {
  const first = new Cluster().register();
  await first.create(topic('t', { numPartitions: 2 }));
  const before = first.controller.image;
  first.controller.close();
  const again = new Cluster({}, first.files);
  expect(again.controller.image).toEqual(before);
  const { image } = again.register().controller;
  expect(image.topicsByName.get('t')?.partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([1, 1]);
  expect(image.brokers.get(1)!.epoch).toBeGreaterThan(before.brokers.get(1)!.epoch);
});
