import { describe, expect, it } from 'vitest';
import { defaultLogConfig } from '../../../src/config/log-config.ts';
import { Cleaner, type CleanableLog } from '../../../src/log/cleaner/cleaner.ts';
import { groupSegments, planCleaning } from '../../../src/log/cleaner/plan.ts';
import type { Log } from '../../../src/log/log.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { seededRandom } from '../../../src/platform/random.ts';
import { keyed, shown } from './fixture.ts';
import { append, fixture, type Fixture } from '../log-fixture.ts';

const config = {
  cleanupCompact: true,
  cleanupDelete: false,
  segmentBytes: 300,
  minCleanableDirtyRatio: 0.5,
  segmentMs: 1e9,
};
const CHECKPOINT = '/data/cleaner-offset-checkpoint';
const BACKOFF_MS = 15_000;

function cleanerOf(
  { files, clock }: Fixture,
  logs: Log[],
  options: { enable?: boolean; errors?: string[] } = {},
): Cleaner {
  const { enable = true, errors = [] } = options;
  const error = (event: string) => void errors.push(event);
  const cleaner = new Cleaner({
    files,
    clock,
    random: seededRandom(1),
    logger: { ...silentLogger, warn: error, error },
    logs: () => logs.map((log): CleanableLog => ({ log, logDirectory: '/data', lastStableOffset: log.endOffset })),
    config: () => ({
      enable,
      backoffMs: BACKOFF_MS,
      dedupeBufferSize: 1e6,
      loadFactor: 0.9,
      maxBytesPerSecond: Infinity,
    }),
  });
  cleaner.start();
  return cleaner;
}

function fill(log: Log, { stage }: Fixture, count = 40): void {
  for (let i = 0; i < count; i++) append(log, keyed({ [`k${i % 4}`]: `v${log.endOffset}` }));
  stage.flush();
}

describe('the cleaner', () => {
  it('compacts after log.cleaner.backoff.ms, notes how far, and goes on from there', async () => {
    const made = fixture(config);
    const { open, files, clock } = made;
    let log = open();
    fill(log, made);
    const cleaner = cleanerOf(made, [log]);
    await clock.advance(BACKOFF_MS - 1);
    expect(cleaner.stats.passes).toBe(0);
    await clock.advance(1000);
    expect(cleaner.stats.passes).toBe(1);
    const active = log.segments.at(-1)!.baseOffset;
    expect(files.readAll(CHECKPOINT).toString()).toBe(`0\n1\norders 0 ${active}\n`);
    const state = shown(log);
    await clock.advance(10 * BACKOFF_MS);
    expect(cleaner.stats.passes).toBe(1); // nothing is dirty any more
    cleaner.stop();
    log.close();
    log = open();
    const next = cleanerOf(made, [log]);
    await clock.advance(10 * BACKOFF_MS);
    expect([next.stats.passes, shown(log)]).toEqual([0, state]);
    fill(log, made);
    await clock.advance(2 * BACKOFF_MS);
    expect(next.stats.passes).toBe(1);
    next.stop();
    await clock.advance(1e6); // the deleted files
    expect(clock.waiting).toBe(0);
  });

  it('takes the dirtiest log first, and leaves those alone that are not compacted, offline or paused', async () => {
    const made = fixture(config);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => made.open({ directory: `/data/${name}-0` }));
    for (const log of [a, b, c]) fill(log, made);
    const cleaner = cleanerOf(made, [a, b, c]);
    cleaner.pause(a);
    b.updateConfig({ ...b.config, cleanupCompact: false });
    expect(cleaner.next()?.log).toBe(c);
    c.health.syncFailed('c', new Error('gone'));
    expect(cleaner.next()).toBeNull();
    cleaner.resume(a);
    expect(cleaner.next()?.log).toBe(a);
    cleaner.stop();
  });

  it('does nothing with log.cleaner.enable=false', async () => {
    const made = fixture(config);
    const log = made.open();
    fill(log, made);
    const cleaner = cleanerOf(made, [log], { enable: false });
    await made.clock.advance(10 * BACKOFF_MS);
    expect(cleaner.stats.passes).toBe(0);
    cleaner.stop();
  });

  it.each([
    ['a damaged record', 70],
    ['a wrong base offset, which no checksum covers', 6],
  ])('leaves a log with %s as it is, and says so once', async (_what, at) => {
    const made = fixture(config);
    const log = made.open();
    fill(log, made);
    const path = log.segments[2].path;
    const file = made.files.open(path, 'write');
    file.write(Buffer.from([0xff]), 0, 1, at);
    const names = made.files.list(log.directory);
    const errors: string[] = [];
    const cleaner = cleanerOf(made, [log], { errors });
    await made.clock.advance(10 * BACKOFF_MS);
    expect(errors).toEqual(['log.not-compacted']);
    expect(made.files.list(log.directory)).toEqual(names);
    cleaner.stop();
  });

  it('gives up a pass when the log is deleted or cut meanwhile', async () => {
    const made = fixture({ ...config, segmentBytes: 40_000 });
    const log = made.open();
    for (let i = 0; i < 3000; i++) append(log, keyed({ [`k${i % 4}`]: `v${i}` }));
    made.stage.flush();
    const errors: string[] = [];
    const cleaner = cleanerOf(made, [log], { errors });
    made.files.before = (operation, path) => {
      if (operation === 'sync' && path.endsWith('.cleaned') && !log.isClosed) log.delete();
    };
    await made.clock.advance(BACKOFF_MS + 1000);
    expect([cleaner.stats.passes, errors]).toEqual([0, []]);
    made.files.before = null;
    cleaner.stop();
  });
});

describe('the plan', () => {
  const segment = (baseOffset: number, size = 100, times: [number, number] = [1, 1]) => ({
    baseOffset,
    size,
    firstTimestamp: times[0],
    largestTimestamp: times[1],
  });
  const state = { nowMs: 1000, checkpoint: null, logStartOffset: 0, endOffset: 40, lastStableOffset: 40 };
  const base = { ...defaultLogConfig, ...config };
  const segments = [
    segment(0, 100, [100, 200]),
    segment(10, 100, [200, 300]),
    segment(20, 100, [300, 900]),
    segment(30),
  ];

  it('never takes the active segment', () => {
    expect(planCleaning(segments, base, state)).toMatchObject({
      firstDirtyOffset: 0,
      upTo: 30,
      dirtyRatio: 1,
      isWorthwhile: true,
    });
    expect(planCleaning([segment(0)], base, state)).toMatchObject({ upTo: 0, isWorthwhile: false });
  });

  it('counts what is dirty from the checkpoint on, or all where that cannot be right', () => {
    expect(planCleaning(segments, base, { ...state, checkpoint: 20 })).toMatchObject({
      firstDirtyOffset: 20,
      dirtyBytes: 100,
      isWorthwhile: false,
    });
    expect(planCleaning(segments, base, { ...state, checkpoint: 50 }).firstDirtyOffset).toBe(0);
    expect(planCleaning(segments, base, { ...state, checkpoint: 5, logStartOffset: 10 }).firstDirtyOffset).toBe(10);
  });

  it('stops where transactions are undecided, or records younger than min.compaction.lag.ms', () => {
    expect(planCleaning(segments, base, { ...state, lastStableOffset: 25 }).upTo).toBe(20);
    expect(planCleaning(segments, { ...base, minCompactionLagMs: 500 }, state).upTo).toBe(20);
    expect(planCleaning(segments, { ...base, minCompactionLagMs: 5000 }, state)).toMatchObject({
      upTo: 0,
      isWorthwhile: false,
    });
  });

  it('does not wait for the ratio when max.compaction.lag.ms is over', () => {
    const clean = { ...state, checkpoint: 20 };
    expect(planCleaning(segments, { ...base, maxCompactionLagMs: 800 }, clean).isWorthwhile).toBe(false);
    expect(planCleaning(segments, { ...base, maxCompactionLagMs: 600 }, clean)).toMatchObject({
      isOverdue: true,
      isWorthwhile: true,
    });
  });

  it('groups neighbours as far as they fit a segment, an index and 31 bits of offsets', () => {
    const of = (baseOffset: number, size: number, entries = 1) => ({
      baseOffset,
      size,
      offsetIndex: { count: entries },
      timeIndex: { count: entries },
    });
    const sizes = (all: ReturnType<typeof of>[], changes = {}) =>
      groupSegments(all, { ...base, segmentBytes: 300, ...changes }, 1e12).map((group) => group.length);
    const end = of(5e9, 1);
    expect(sizes([of(0, 100), of(1, 100), of(2, 100), of(3, 100), of(4, 400), of(5, 1), end])).toEqual([3, 1, 1, 1, 1]);
    expect(sizes([of(0, 1, 3), of(1, 1, 3), of(2, 1, 3), of(3, 1), end], { segmentIndexBytes: 72 })).toEqual([
      2, 1, 1, 1,
    ]);
    expect(sizes([of(0, 1), of(1, 1), of(2 ** 31, 1), end])).toEqual([2, 1, 1]);
  });
});
