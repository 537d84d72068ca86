import { describe, expect, it } from 'vitest';
import { CheckedReader } from '../../src/log/checked-reader.ts';
import { DeletedError } from '../../src/log/owned-files.ts';
import { ReplicaCopy } from '../../src/log/replica-copy.ts';
import type { Log } from '../../src/log/log.ts';
import { BoundedFiles } from '../../src/platform/bounded-files.ts';
import type { Files } from '../../src/platform/files.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { compact, keyed } from './cleaner/fixture.ts';
import { append, batchOf, batchOfSize, DIRECTORY, fixture, readAll } from './log-fixture.ts';
import { SlowDisk } from './slow-disk.ts';

const OTHER_TOPIC = 'AAAAAAAAQZum8IWZW66tIA';
const BATCH_BYTES = 900;
const DELAY_MS = 60_000;
const config = { segmentBytes: 2000, fileDeleteDelayMs: DELAY_MS };

/** Several logs of many segments take handles in turns: whoever comes back finds its own closed. */
const disks: [string, () => Files][] = [
  ['a disk', () => new MemoryFiles()],
  ['a disk with one handle', () => new BoundedFiles(new MemoryFiles(), 1)],
];

/** One letter says whose records they are. */
function fill(log: Log, letter: string, batches = 6): void {
  for (let i = 0; i < batches; i++) append(log, batchOfSize(BATCH_BYTES, letter));
  log.flush();
}

/** A consumer that takes its records batch by batch. */
function slowReader(log: Log, offset = 0) {
  const range = log.locate(offset, log.endOffset, 1 << 20, true)!;
  const reader = new CheckedReader(range);
  let { position } = range;
  const end = position + range.length;
  return {
    segment: range.segment,
    isDone: () => position === end,
    /** The letter of the next batch. */
    next(): string {
      const into = Buffer.alloc(BATCH_BYTES);
      position += reader.read(into, 0, BATCH_BYTES, position);
      return into.toString('latin1', 200, 201);
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe.each(disks)('on %s, a slow reader', (_name, makeDisk) => {
  it('of a segment that was deleted gets its records until the file is gone, and then no empty file is made', async () => {
    const { files, clock, open } = fixture(config, makeDisk());
    const log = open();
    fill(log, 'a');
    const reader = slowReader(log);
    expect(reader.next()).toBe('a');
    log.deleteRecordsBefore(4);
    expect(reader.segment.state).toBe('deleted');
    await clock.advance(DELAY_MS);
    const names = files.list(DIRECTORY);
    expect(names.filter((name) => name.endsWith('.log'))).toEqual(['00000000000000000004.log']);
    expect(() => reader.next()).toThrow(DeletedError);
    expect(files.list(DIRECTORY)).toEqual(names);
    log.close();
    expect(open({ logStartOffset: 4, recoveryPoint: 6 }).segments.map(({ baseOffset }) => baseOffset)).toEqual([4]);
  });

  it('of a deleted topic never gets the records of the next topic of that name', async () => {
    const { clock, open } = fixture(config, makeDisk());
    const log = open();
    fill(log, 'a');
    const [reader, late] = [slowReader(log), slowReader(log, 2)];
    expect([reader.next(), late.next()]).toEqual(['a', 'a']);
    log.delete();
    const again = open({ topicId: OTHER_TOPIC });
    fill(again, 'b');
    expect(reader.next()).toBe('a');
    await clock.advance(DELAY_MS);
    expect(() => late.next()).toThrow(DeletedError);
    expect(slowReader(again).next()).toBe('b');
    expect(readAll(again)).toHaveLength(6);
  });

  it('of a compacted segment reads what there was, and is told that it is gone, not that it is damaged', async () => {
    const made = fixture({ ...config, cleanupCompact: true, segmentBytes: 400 }, makeDisk());
    const errors: string[] = [];
    const log = made.open({
      logger: { debug() {}, info() {}, warn() {}, error: (event) => void errors.push(event) },
    });
    for (let i = 0; i < 20; i++) append(log, keyed({ [`k${i % 3}`]: `v${i}` }));
    log.flush();
    const range = log.locate(0, log.endOffset, 1 << 20, true)!;
    const reader = new CheckedReader(range);
    const { position, length, segment } = range;
    const [before, after] = [Buffer.alloc(length), Buffer.alloc(length)];
    segment.file.read(before, 0, length, position);
    const first = reader.read(after, 0, 150, position);
    await compact(log, { nowMs: 5000 });
    expect(segment.state).toBe('deleted');
    reader.read(after, first, 150, position + first);
    expect(after.subarray(0, first + 100)).toEqual(before.subarray(0, first + 100));
    await made.clock.advance(DELAY_MS);
    expect(() => reader.read(after, 0, 150, position + 2 * first)).toThrow(DeletedError);
    expect(errors).toEqual([]);
  });

  it('reads its own file still when the segment that took its place is deleted too', () => {
    const { open } = fixture(config, makeDisk());
    const log = open();
    fill(log, 'a');
    const first = slowReader(log);
    log.truncateFullyAndStartAt(0);
    fill(log, 'b');
    const second = slowReader(log);
    log.truncateFullyAndStartAt(0);
    fill(log, 'c');
    expect([first.next(), second.next(), slowReader(log).next()]).toEqual(['a', 'b', 'c']);
  });
});

describe('appends that wait for the disk when their log is deleted', () => {
  /** A log of a new topic, two appends of which wait: one for the sync under way, one for the next. */
  function waiting() {
    const disk = new SlowDisk();
    const made = fixture({ flushMessages: 1, fileDeleteDelayMs: DELAY_MS }, disk);
    const log = made.open();
    const outcomes: string[] = [];
    const produce = (name: string) => {
      append(log, batchOf([name]));
      log.flusher.commits.join().then(
        () => outcomes.push(`${name}: on the disk`),
        (error: Error) => outcomes.push(`${name}: ${error.name}`),
      );
      made.stage.flush();
    };
    return { ...made, disk, log, outcomes, produce };
  }

  it('are told so, all of them, and the directory stays online', async () => {
    const { log, disk, outcomes, produce } = waiting();
    produce('first');
    log.flusher.startCommit();
    produce('second');
    log.flusher.startCommit();
    produce('not started');
    log.delete();
    await disk.finishSync();
    expect(outcomes.toSorted()).toEqual(['first: DeletedError', 'not started: DeletedError', 'second: DeletedError']);
    expect(log.health.isOffline).toBe(false);
    expect(() => append(log, batchOf(['late']))).toThrow(DeletedError);
    await expect(log.flushLater()).rejects.toThrow(DeletedError);
    await expect(log.flusher.commits.join()).rejects.toThrow(DeletedError);
  });

  it('are told so when the sync of the directory finds it gone, or finds the next one', async () => {
    for (const isMadeAgain of [false, true]) {
      const { log, disk, outcomes, produce, open } = waiting();
      const begin: (() => void)[] = [];
      disk.syncDirectoryLater = (path) =>
        new Promise((resolve, reject) => {
          begin.push(() => (disk.exists(path) ? resolve() : reject(diskError('ENOENT', 'open', path))));
        });
      disk.isSlow = false;
      produce('first');
      log.flusher.startCommit();
      log.delete();
      if (isMadeAgain) open({ topicId: OTHER_TOPIC });
      for (const each of begin) each();
      await settled();
      expect(outcomes).toEqual(['first: DeletedError']);
      expect(log.health.isOffline).toBe(false);
    }
  });

  it('leave the files of the next log of that name alone', async () => {
    const { log, disk, produce, open } = waiting();
    produce('first');
    log.flusher.startCommit();
    log.delete();
    const again = open({ topicId: OTHER_TOPIC });
    append(again, batchOf(['x']), 7);
    const path = `${DIRECTORY}/leader-epoch-checkpoint`;
    const epochs = String(disk.readAll(path));
    await disk.finishSync();
    await settled();
    expect(String(disk.readAll(path))).toBe(epochs);
    expect(again.latestEpoch).toBe(7);
  });

  it('are told of the disk all the same when it fails', async () => {
    const { log, disk, outcomes, produce } = waiting();
    produce('first');
    log.flusher.startCommit();
    log.delete();
    await disk.finishSync(diskError('EIO', 'fdatasync', '/x'));
    expect(outcomes).toEqual(['first: DeletedError']);
    expect(log.health.isOffline).toBe(true);
  });

  it('are acknowledged when the log is closed in order', async () => {
    const { log, disk, outcomes, produce } = waiting();
    produce('first');
    log.flusher.startCommit();
    produce('second');
    log.close();
    await disk.finishSync();
    await settled();
    expect(outcomes).toEqual(['first: on the disk', 'second: on the disk']);
  });
});

describe('a log whose files were deleted a moment ago', () => {
  it('keeps those that have the same name apart until each has had its time', async () => {
    const { files, clock, open } = fixture(config);
    const log = open();
    fill(log, 'a', 1);
    log.truncateFullyAndStartAt(0);
    await clock.advance(DELAY_MS - 1000);
    fill(log, 'b', 1);
    log.truncateFullyAndStartAt(0);
    const deleted = () => files.list(DIRECTORY).filter((name) => /\.log.*\.deleted$/.test(name)).length;
    expect(deleted()).toBe(2);
    await clock.advance(1000);
    expect(deleted()).toBe(1);
    await clock.advance(DELAY_MS);
    expect(deleted()).toBe(0);
  });

  it('can be deleted again under the same id before the first is gone, as when it is moved to and fro', async () => {
    const { files, clock, open } = fixture(config);
    fill(open(), 'a');
    for (let i = 0; i < 3; i++) open().delete();
    const names = files.list('/data');
    expect(names).toHaveLength(3);
    for (const name of names) expect(name).toMatch(/^orders-0\.[0-9a-f]{32}-delete$/);
    await clock.advance(DELAY_MS + 100);
    expect(files.list('/data')).toEqual([]);
  });

  it('opens no index, snapshot or checkpoint of theirs, and makes none', async () => {
    const { files, open } = fixture({ ...config, flushMessages: 1 });
    const log = open();
    fill(log, 'a');
    const [segment] = log.segments;
    log.delete();
    files.makeDirectory(DIRECTORY);
    const attempts: (() => unknown)[] = [
      () => segment.offsetIndex.save(),
      () => segment.timeIndex.sync(),
      () => segment.transactions.append([{ producerId: 1, firstOffset: 0, lastOffset: 1, lastStableOffset: 0 }]),
      () => segment.seal(),
      () => log.flush(),
      () => log.truncateFullyAndStartAt(3),
      () => log.beginEpoch(9),
      () => log.files.list(DIRECTORY),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(DeletedError);
    expect(files.list(DIRECTORY)).toEqual([]);
  });
});

describe('a copy of a log into another directory', () => {
  const drive = (steps: Generator, count = Infinity) => {
    for (let i = 0; i < count; i++) if (steps.next().done === true) return true;
    return false;
  };
  const large = { segmentBytes: 1 << 20, fileDeleteDelayMs: DELAY_MS };

  it('ends when the log is deleted, and takes nothing of the next one of that name', () => {
    const { files, open } = fixture(large);
    const log = open();
    for (let i = 0; i < 20; i++) append(log, batchOfSize(60_000, 'a'));
    log.flush();
    const copy = new ReplicaCopy(files, log, '/other/orders-0.x-future');
    const steps = copy.run();
    drive(steps, 2);
    log.delete();
    const again = open({ topicId: OTHER_TOPIC });
    for (let i = 0; i < 20; i++) append(again, batchOfSize(60_000, 'b'));
    again.flush();
    expect(() => drive(steps)).toThrow('closed');
    expect(files.readAll('/other/orders-0.x-future/00000000000000000000.log').includes('bbbb')).toBe(false);
  });

  it('copies anew what was cut and written again meanwhile', () => {
    const { files, open } = fixture(large);
    const log = open();
    for (let i = 0; i < 10; i++) append(log, batchOfSize(60_000, 'a'));
    log.flush();
    const copy = new ReplicaCopy(files, log, '/other/orders-0.x-future');
    const steps = copy.run();
    drive(steps, 3);
    log.truncateTo(2);
    for (let i = 0; i < 10; i++) append(log, batchOfSize(60_000, 'b'));
    log.flush();
    while (steps.next().value === undefined);
    log.close();
    copy.finish();
    const name = '00000000000000000000.log';
    expect(files.readAll(`/other/orders-0.x-future/${name}`)).toEqual(files.readAll(`${DIRECTORY}/${name}`));
  });
});
