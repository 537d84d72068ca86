import { describe, expect, it } from 'vitest';
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { defaultLogConfig } from '../../src/config/log-config.ts';
import { append, batchOf, DIRECTORY, fixture, readAll, stateOf } from './log-fixture.ts';

function filled(config = {}, count = 20) {
  const made = fixture({ segmentBytes: 300, ...config });
  const log = made.open();
  for (let i = 0; i < count; i++) append(log, batchOf([`v${i}`], { timestamps: [1000 + i] }), i >> 2);
  made.stage.flush();
  return { ...made, log };
}

describe('truncateTo', () => {
  it.each([0, 1, 3, 4, 7, 19, 20])('%i leaves what came before, also after reopening', (offset) => {
    const { log, open } = filled();
    const before = readAll(log);
    log.truncateTo(offset);
    expect(log.endOffset).toBe(offset);
    expect(readAll(log)).toEqual(before.slice(0, offset));
    expect(append(log, batchOf(['new']), 9)).toBe(offset);
    const state = stateOf(log);
    log.close();
    expect(stateOf(open())).toEqual(state);
    expect(log.size).toBe(state.size);
  });

  it('forgets the producers and epochs of what is gone', () => {
    const { open } = fixture();
    const log = open();
    for (let i = 0; i < 3; i++) append(log, batchOf(['a'], { producerId: 5, producerEpoch: 0, baseSequence: i }), i);
    log.truncateTo(2);
    expect(log.producers.producers.get(5)?.batches.at(-1)?.lastSequence).toBe(1);
    expect(log.latestEpoch).toBe(1);
  });
});

describe('deleteRecordsBefore', () => {
  it('moves the start and deletes files that lie before it as a whole', async () => {
    const { log, files, clock } = filled();
    log.deleteRecordsBefore(9);
    expect(log.logStartOffset).toBe(9);
    expect(readAll(log)[0]).toEqual({ offset: 9, value: 'v9' });
    expect(log.isInRange(8)).toBe(false);
    expect(files.list(DIRECTORY)).toContain('00000000000000000000.log.deleted');
    await clock.advance(defaultLogConfig.fileDeleteDelayMs);
    expect(files.list(DIRECTORY).filter((name) => name.endsWith('.deleted'))).toEqual([]);
    expect(log.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 9 });
  });
});

describe('applyRetention', () => {
  it('deletes by age, counted from the largest timestamp of a segment', () => {
    const { log } = filled({ retentionMs: 100 });
    expect(log.applyRetention(1100)).toBe(0);
    expect(log.applyRetention(1104)).toBe(1);
    expect(log.logStartOffset).toBe(4);
    expect(log.applyRetention(1_000_000)).toBeGreaterThan(2);
    expect(log.logStartOffset).toBe(20);
    expect(log.endOffset).toBe(20);
    expect(append(log, batchOf(['next']), 9)).toBe(20);
  });

  it('deletes by size as long as more than retention.bytes stay', () => {
    const { log } = filled({ retentionBytes: 500 });
    log.applyRetention(0);
    expect(log.size).toBeGreaterThanOrEqual(500);
    expect(log.size).toBeLessThan(500 + 300);
  });

  it('leaves a log that is only compacted alone', () => {
    const { log } = filled({ retentionMs: 1, retentionBytes: 0, cleanupDelete: false, cleanupCompact: true });
    expect(log.applyRetention(1e12)).toBe(0);
  });

  it('keeps what not every replica has', () => {
    const { log } = filled({ retentionMs: 100 });
    log.applyRetention(1e9, 6);
    expect(log.logStartOffset).toBe(4);
  });
});

describe('timestamps', () => {
  it('finds the first record at or after a time, in any segment', () => {
    const { log, open } = filled({ indexIntervalBytes: 80 });
    for (let i = 0; i < 20; i++) {
      expect(log.offsetForTimestamp(1000 + i)).toEqual({ offset: i, timestamp: 1000 + i, leaderEpoch: i >> 2 });
    }
    expect(log.offsetForTimestamp(0)?.offset).toBe(0);
    expect(log.offsetForTimestamp(1020)).toBeNull();
    log.close();
    expect(open().offsetForTimestamp(1013)?.offset).toBe(13);
  });

  it('looks into the batch, compressed or not', () => {
    const log = fixture().open();
    append(log, batchOf(['a', 'b', 'c'], { timestamps: [100, 300, 200], compression: 'gzip' }));
    expect(log.offsetForTimestamp(150)).toMatchObject({ offset: 1, timestamp: 300 });
    expect(log.maxTimestamp()).toMatchObject({ offset: 1, timestamp: 300 });
  });

  it('finds records that are older than the ones before them', () => {
    const { open } = fixture({ indexIntervalBytes: 0, segmentBytes: 300 });
    const log = open();
    const timestamps = [500, 100, 700, 200, 700, 300, 600];
    for (const timestamp of timestamps) append(log, batchOf(['a'], { timestamps: [timestamp] }));
    for (let asked = 0; asked <= 800; asked += 50) {
      const expected = timestamps.findIndex((each) => each >= asked);
      expect(log.offsetForTimestamp(asked)?.offset ?? -1).toBe(expected);
    }
    expect(log.maxTimestamp()).toMatchObject({ offset: 2, timestamp: 700 });
  });

  it('knows none in an empty log', () => {
    const log = fixture().open();
    expect(log.maxTimestamp()).toBeNull();
    expect(log.offsetForTimestamp(0)).toBeNull();
  });
});

describe('flushing', () => {
  it('moves the recovery point', async () => {
    const { log } = filled();
    expect(log.recoveryPoint).toBeLessThan(20);
    await log.flushLater();
    expect(log.recoveryPoint).toBe(20);
    append(log, batchOf(['a']), 9);
    log.flush();
    expect(log.recoveryPoint).toBe(21);
  });

  it('comes by itself after flush.messages and flush.ms', async () => {
    const { open, clock } = fixture({ flushMessages: 3, flushMs: 50 });
    const log = open();
    append(log, batchOf(['a', 'b']));
    expect(log.recoveryPoint).toBe(0);
    expect(log.flusher.awaitsCommit).toBe(false);
    append(log, batchOf(['c']));
    expect(log.flusher.awaitsCommit).toBe(true);
    const committed = log.flusher.commits.join();
    log.flusher.startCommit();
    await committed;
    expect(log.recoveryPoint).toBe(3);
    append(log, batchOf(['d']));
    await clock.advance(50);
    expect(log.recoveryPoint).toBe(4);
    expect(clock.waiting).toBe(0);
  });
});

describe('transactions', () => {
  it('hold the first unstable offset until their marker', () => {
    const log = fixture().open();
    const transactional = { isTransactional: true, producerEpoch: 0, baseSequence: 0 };
    append(log, batchOf(['a']));
    append(log, batchOf(['b'], { ...transactional, producerId: 1 }));
    append(log, batchOf(['c'], { ...transactional, producerId: 2 }));
    expect(log.firstUnstableOffset).toBe(1);
    const marker = (producerId: number) =>
      encodeBatch({
        records: [endTxnMarker('COMMIT', 4, 2000)],
        producerId,
        producerEpoch: 0,
        isTransactional: true,
        isControl: true,
      });
    append(log, marker(1));
    expect(log.firstUnstableOffset).toBe(2);
    append(log, marker(2));
    expect(log.firstUnstableOffset).toBe(-1);
    expect(log.producers.producers.get(1)?.coordinatorEpoch).toBe(4);
  });

  it('that are open survive a restart', () => {
    const { open } = fixture();
    const log = open();
    append(log, batchOf(['b'], { isTransactional: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }));
    log.close();
    expect(open().firstUnstableOffset).toBe(0);
  });
});

describe('delete', () => {
  it('renames the directory at once and removes it later', async () => {
    const { log, files, clock } = filled();
    log.delete();
    expect(files.exists(DIRECTORY)).toBe(false);
    expect(files.list('/data')).toEqual([expect.stringMatching(/^orders-0\.[0-9a-f]{32}-delete$/)]);
    await clock.advance(defaultLogConfig.fileDeleteDelayMs);
    expect(files.list('/data')).toEqual([]);
  });
});
