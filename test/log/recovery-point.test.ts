import { expect, it } from 'vitest';
import { diskError } from '../../src/platform/memory-files.ts';
import { append, batchOf, batchOfSize, DIRECTORY, fixture } from './log-fixture.ts';
import { SlowDisk } from './slow-disk.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A log on a disk whose syncs of directories return when told to. */
function opened(config = {}) {
  const disk = new SlowDisk();
  disk.isSlow = false;
  const held: { path: string; done: (error?: Error) => void }[] = [];
  disk.syncDirectoryLater = (path) =>
    new Promise((resolve, reject) => {
      held.push({ path, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  const made = fixture({ segmentBytes: 500, ...config }, disk);
  const log = made.open();
  const release = async () => {
    for (const { done } of held.splice(0)) done();
    await settled();
  };
  return { ...made, disk, log, held, release };
}

it('stays before a file whose name is still on its way to the disk, though a later segment is synced', async () => {
  const { log, stage, held, release } = opened();
  append(log, batchOfSize(400));
  stage.flush();
  const flushed = log.flushLater();
  await settled();
  expect(held.map(({ path }) => path)).toEqual(['/data', DIRECTORY]);
  append(log, batchOfSize(400)); // begins a segment: the one before is synced in the background
  stage.flush();
  await settled();
  expect(log.recoveryPoint).toBe(0);
  await release();
  await flushed;
  expect(log.recoveryPoint).toBe(1);
});

it('does not let a second flush return before the names that the first one is syncing are safe', async () => {
  const { log, stage, held, release } = opened();
  append(log, batchOf(['a']));
  stage.flush();
  const first = log.flushLater();
  let isBack = false;
  const second = log.flushLater().then(() => (isBack = true));
  await settled();
  for (const { done } of held.splice(0, 2)) done();
  await first;
  await settled();
  expect(isBack).toBe(false);
  await release();
  await second;
  expect(log.recoveryPoint).toBe(1);
});

it('stays where the sync of the name failed, and where the log was cut meanwhile', async () => {
  const failed = opened();
  append(failed.log, batchOf(['a']));
  const lost = failed.log.flushLater();
  failed.held[0].done(diskError('EIO', 'fsync', '/data'));
  failed.held[1].done();
  await expect(lost).rejects.toThrow('EIO');
  expect(failed.log.recoveryPoint).toBe(0);
  expect(failed.log.health.isOffline).toBe(true);

  const { log, stage, release } = opened();
  append(log, batchOf(['a']));
  append(log, batchOf(['b']));
  stage.flush();
  const flushed = log.flushLater();
  log.truncateTo(1);
  await release();
  await flushed;
  expect(log.recoveryPoint).toBe(0);
});

it('moves the durable offset with it, and says so before those who wait are told', async () => {
  const { log, stage, release } = opened({ flushMessages: 1 });
  const told: (number | string)[] = [];
  log.flusher.onDurable = (offset) => void told.push(offset);
  append(log, batchOf(['a', 'b']));
  const committed = log.flusher.commits.join().then(() => told.push('committed'));
  stage.flush();
  log.flusher.startCommit();
  expect(log.flusher.durableOffset).toBe(0);
  await settled();
  await release();
  await committed;
  expect(told).toEqual([2, 'committed']);
  expect(log.flusher.durableOffset).toBe(2);
  log.truncateTo(0);
  expect(log.flusher.durableOffset).toBe(0);
});

it('counts all that was found at the start as durable', () => {
  const { log, open, files } = opened();
  append(log, batchOf(['a', 'b']));
  log.close();
  expect(files.exists(DIRECTORY)).toBe(true);
  const again = open({ recoveryPoint: 0, cleanShutdown: false });
  expect([again.recoveryPoint, again.flusher.durableOffset]).toEqual([0, 2]);
});

it('tells when a cut takes away what was known to be on the disk', async () => {
  const { open, stage } = fixture();
  const cuts: number[] = [];
  const log = open({ onCut: (endOffset) => cuts.push(endOffset) });
  for (const value of ['a', 'b', 'c']) append(log, batchOf([value]));
  stage.flush();
  log.flush();
  append(log, batchOf(['d']));
  stage.flush();
  log.truncateTo(3);
  expect(cuts).toEqual([]);
  log.truncateTo(1);
  expect(cuts).toEqual([1]);
});
