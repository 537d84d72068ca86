/** A broker's copy of the metadata log: what is kept, what never is, and what a crash leaves. */
import { expect, test } from 'vitest';
import * as batch from '../../protocol/records/batch.ts';
import { decodeMetadataBatch, encodeMetadataBatch } from '../../src/cluster/metadata-batch.ts';
import { decodeSnapshot, encodeSnapshot } from '../../src/cluster/metadata-snapshot.ts';
import { BadBatchesError, MetadataCopy } from '../../src/peers/metadata-copy.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { finish } from '../../src/platform/pieces.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { CrashDisk } from '../crash/crash-disk.ts';

const feature = (featureLevel: number) => ({ type: 'FeatureLevelRecord', name: 'f', featureLevel }) as const;

function batchAt(baseOffset: number, leaderEpoch = 1, count = 1): Buffer {
  const records = Array.from({ length: count }, (_, i) => feature(baseOffset + i + 1));
  return encodeMetadataBatch(records, { baseOffset, leaderEpoch, timestamp: 0 });
}

function open(files: MemoryFiles | CrashDisk = new MemoryFiles()) {
  const copy = new MetadataCopy({ files, logDirectory: '/data', logger: silentLogger });
  return { files, copy, found: copy.load() };
}

/** The levels that the batches set, in order. */
function levels(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += batch.sizeInBytes(bytes, at))
    for (const record of decodeMetadataBatch(bytes, at).records)
      if (record.type === 'FeatureLevelRecord') found.push(record.featureLevel);
  return found;
}

const counted = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

const snapshotOf = (level: number, epoch: number): Buffer =>
  Buffer.concat([...encodeSnapshot([feature(level)], { epoch, timestamp: 0 })]);

test('what was kept is there when it is opened again', () => {
  const { files, copy } = open();
  copy.append(Buffer.concat([batchAt(0), batchAt(1, 2, 3)]));
  copy.close();
  const again = open(files);
  expect([again.copy.endOffset, again.copy.lastEpoch]).toEqual([4, 2]);
  expect(levels(again.found.batches)).toEqual([1, 2, 3, 4]);
});

test('the part of a batch at the end of a response is not kept', () => {
  const { copy } = open();
  const [first, second] = [batchAt(0), batchAt(1)];
  expect(copy.append(Buffer.concat([first, second.subarray(0, second.length - 1)]))).toEqual(first);
  expect(copy.endOffset).toBe(1);
});

test.each([
  ['a gap', () => batchAt(2)],
  ['a batch that is there already', () => batchAt(0)],
  ['an epoch of the past', () => batchAt(1, 0)],
  ['a damaged batch', () => flipped(batchAt(1))],
  ['a damaged batch behind a good one', () => Buffer.concat([batchAt(1), flipped(batchAt(2))])],
])('%s is refused, and nothing of the response kept', (_what, next) => {
  const { copy, files } = open();
  copy.append(batchAt(0));
  expect(() => copy.append(next())).toThrow(BadBatchesError);
  expect(copy.endOffset).toBe(1);
  copy.close();
  expect(levels(open(files).found.batches)).toEqual([1]);
});

function flipped(bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[damaged.length - 1] ^= 1;
  return damaged;
}

test('a log that has gone another way is cut where its epochs part', () => {
  const { copy, files } = open();
  copy.append(Buffer.concat([batchAt(0, 1), batchAt(1, 1), batchAt(2, 2), batchAt(3, 2)]));
  // The controller's epoch 1 ends at 5: all of ours of epoch 1 may stand.
  expect(copy.commonEnd({ epoch: 1, endOffset: 5 })).toBe(2);
  // Its epoch 2 ends at 3: ours is longer.
  expect(copy.commonEnd({ epoch: 2, endOffset: 3 })).toBe(3);
  copy.truncate(3);
  expect([copy.endOffset, copy.lastEpoch]).toEqual([3, 2]);
  copy.append(batchAt(3, 3));
  copy.close();
  expect(levels(open(files).found.batches)).toEqual([1, 2, 3, 4]);
});

test('a snapshot comes in pieces, and the log goes on behind it', () => {
  const { copy, files } = open();
  copy.append(batchAt(0));
  const bytes = snapshotOf(7, 3);
  for (let at = 0; at < bytes.length; at += 10)
    copy.writeSnapshot({ endOffset: 10, epoch: 3 }, at, bytes.subarray(at, at + 10));
  expect(copy.finishSnapshot()).toEqual(bytes);
  expect([copy.endOffset, copy.lastEpoch]).toEqual([10, 3]);
  copy.append(batchAt(10, 3));
  copy.close();
  expect(files.list('/data/__cluster_metadata-0')).toEqual([
    '00000000000000000010-0000000003.checkpoint',
    '00000000000000000010.log',
  ]);
  const again = open(files);
  expect(decodeSnapshot(again.found.snapshot!)).toMatchObject([{ featureLevel: 7 }]);
  expect(levels(again.found.batches)).toEqual([11]);
  expect(again.copy.endOffset).toBe(11);
});

test('a piece that does not go on, and a snapshot that is damaged, are refused; the log stays', () => {
  const { copy, files } = open();
  copy.append(batchAt(0));
  const [id, bytes] = [{ endOffset: 10, epoch: 3 }, snapshotOf(7, 3)];
  copy.writeSnapshot(id, 0, bytes.subarray(0, 10));
  expect(() => copy.writeSnapshot(id, 11, bytes.subarray(11))).toThrow(BadBatchesError);
  copy.writeSnapshot(id, 10, flipped(bytes.subarray(10)));
  expect(() => copy.finishSnapshot()).toThrow(BadBatchesError);
  copy.close();
  expect(levels(open(files).found.batches)).toEqual([1]);
});

test('its own snapshot takes the place of its log', () => {
  const { copy, files } = open();
  copy.append(Buffer.concat([batchAt(0), batchAt(1)]));
  finish(copy.replaceBySnapshot(encodeSnapshot([feature(2)], { epoch: 1, timestamp: 0 })));
  expect([copy.endOffset, copy.lastEpoch, copy.logBytes]).toEqual([2, 1, 0]);
  copy.append(batchAt(2));
  copy.close();
  const again = open(files);
  expect([decodeSnapshot(again.found.snapshot!).length, levels(again.found.batches)]).toEqual([1, [3]]);
});

test('what comes while its own snapshot is written stays behind it', () => {
  const { copy, files } = open();
  copy.append(Buffer.concat([batchAt(0), batchAt(1)]));
  const writing = copy.replaceBySnapshot(encodeSnapshot([feature(2)], { epoch: 1, timestamp: 0 }));
  for (let offset = 2; writing.next().done !== true; offset++) copy.append(batchAt(offset));
  expect(copy.logBytes).toBeGreaterThan(0);
  const { endOffset } = copy;
  copy.append(batchAt(endOffset));
  copy.close();
  const again = open(files);
  expect(decodeSnapshot(again.found.snapshot!)).toHaveLength(1);
  expect(again.copy.endOffset).toBe(endOffset + 1);
  expect(levels(again.found.batches)).toHaveLength(endOffset - 1);
});

test("a controller's snapshot that comes while its own is written is the one that is kept", () => {
  const { copy, files } = open();
  copy.append(Buffer.concat([batchAt(0), batchAt(1)]));
  const writing = copy.replaceBySnapshot(encodeSnapshot([feature(2)], { epoch: 1, timestamp: 0 }));
  writing.next();
  copy.writeSnapshot({ endOffset: 10, epoch: 3 }, 0, snapshotOf(7, 3));
  expect(writing.next().done).toBe(true);
  copy.finishSnapshot();
  copy.close();
  const again = open(files);
  expect(decodeSnapshot(again.found.snapshot!)).toMatchObject([{ featureLevel: 7 }]);
  expect(again.copy.endOffset).toBe(10);
});

test.each(['kill', 'power, nothing kept', 'power, some kept'] as const)(
  'a crash (%s) at any moment leaves what was kept, or a part that is fetched again',
  (survival) => {
    const random = seededRandom(3);
    for (let round = 0; round < 40; round++) {
      const disk = new CrashDisk();
      disk.makeDirectory('/data');
      disk.settle();
      const { copy } = open(disk);
      const kept = Math.floor(random.float() * 5);
      for (let offset = 0; offset < kept; offset++) copy.append(batchAt(offset));
      const bytes = snapshotOf(7, 3);
      const isInstalled = random.float() < 0.5;
      copy.writeSnapshot({ endOffset: 10, epoch: 3 }, 0, isInstalled ? bytes : bytes.subarray(0, 20));
      if (isInstalled) copy.finishSnapshot();
      const again = open(disk.survivors(survival, random));
      expect(again.found.snapshot === null).toBe(!isInstalled);
      const whole = isInstalled ? 10 : kept;
      expect(again.copy.endOffset).toBeLessThanOrEqual(whole);
      expect(survival === 'kill' || isInstalled ? whole : again.copy.endOffset).toBe(again.copy.endOffset);
      expect(levels(again.found.batches)).toEqual(isInstalled ? [] : counted(again.copy.endOffset));
    }
  },
);
