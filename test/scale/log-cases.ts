/** Logs that are opened, read and compacted. */
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { LogConfig } from '../../src/config/log-config.ts';
import type { Log } from '../../src/log/log.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { compact } from '../log/cleaner/fixture.ts';
import { append, batchOf, fixture } from '../log/log-fixture.ts';
import { DiskWork, counted } from './counted-files.ts';
import type { Prepared, ScaleCase } from './scale-case.ts';

const SMALL_SEGMENTS = { segmentBytes: 1 << 14 };
const LARGE_SEGMENTS = { segmentBytes: 1 << 30 };

/** A log that was written by `write` and opened again, after a crash or after an orderly end. */
function reopened(
  write: (log: Log) => void,
  cleanShutdown: boolean,
  config: Partial<LogConfig> = LARGE_SEGMENTS,
): Prepared {
  const disk = new DiskWork();
  const files = new MemoryFiles();
  const made = fixture(config, counted(files, disk));
  const log = made.open();
  write(log);
  made.stage.flush();
  if (cleanShutdown) log.close();
  const recoveryPoint = cleanShutdown ? log.endOffset : 0;
  return { disk, run: () => void made.open({ cleanShutdown, recoveryPoint }) };
}

/** `producers` take turns; each transaction is one record and its marker. */
function transactions(log: Log, count: number, type: 'ABORT' | 'COMMIT' | null, producers = 50): void {
  for (let i = 0; i < count; i++) {
    const producer = { producerId: i % producers, producerEpoch: Math.floor(i / producers) % 30_000 };
    append(log, batchOf(['v'], { ...producer, baseSequence: 0, isTransactional: true }));
    if (type === null) continue;
    const control = { baseSequence: -1, isTransactional: true, isControl: true };
    append(log, encodeBatch({ records: [endTxnMarker(type, 0, 2000)], ...producer, ...control }));
  }
}

/** All begin before the first one ends, and end in the order in which they began. */
function nestedTransactions(log: Log, count: number): void {
  transactions(log, count, null, count);
  for (let producerId = 0; producerId < count; producerId++) {
    const control = { producerId, producerEpoch: 0, baseSequence: -1, isTransactional: true, isControl: true };
    append(log, encodeBatch({ records: [endTxnMarker('ABORT', 0, 2000)], ...control }));
  }
}

function records(log: Log, count: number): void {
  for (let i = 0; i < count; i++) append(log, batchOf(['value']));
}

function idempotent(log: Log, count: number): void {
  for (let producerId = 0; producerId < count; producerId++)
    append(log, batchOf(['v'], { producerId, producerEpoch: 0, baseSequence: 0 }));
}

/** A compacted log in which every transaction was aborted, nearly all of it in one segment. */
function compaction(count: number): Prepared {
  const made = fixture({ segmentBytes: count * 140, cleanupCompact: true, cleanupDelete: false });
  const log = made.open();
  transactions(log, count, 'ABORT');
  made.stage.flush();
  return { run: async () => void (await compact(log, { nowMs: 10_000 })) };
}

/** A consumer that reads committed records, a batch at a time. */
function readThrough(count: number): Prepared {
  const disk = new DiskWork();
  const made = fixture(LARGE_SEGMENTS, counted(new MemoryFiles(), disk));
  const log = made.open();
  transactions(log, count, 'ABORT');
  made.stage.flush();
  return {
    run: () => {
      for (let at = 0; at < log.endOffset; at += 2) log.abortedTransactions(at, at + 2);
    },
  };
}

export const LOG_CASES: readonly ScaleCase[] = [
  {
    what: 'a log after a crash, by batches',
    sizes: [2000, 8000],
    prepare: (count) => reopened((log) => records(log, count), false),
  },
  {
    what: 'the same, by segments of 16 KiB',
    sizes: [500, 2000],
    prepare: (count) => reopened((log) => records(log, count * 10), false, SMALL_SEGMENTS),
  },
  {
    what: 'the same, by segments, after an orderly end',
    sizes: [500, 2000],
    prepare: (count) => reopened((log) => records(log, count * 10), true, SMALL_SEGMENTS),
  },
  {
    what: 'the same, by idempotent producers',
    sizes: [2000, 8000],
    prepare: (count) => reopened((log) => idempotent(log, count), false),
  },
  {
    what: 'the same, by committed transactions',
    sizes: [1000, 4000],
    prepare: (count) => reopened((log) => transactions(log, count, 'COMMIT'), false),
  },
  {
    what: 'the same, by aborted transactions',
    sizes: [1000, 4000],
    prepare: (count) => reopened((log) => transactions(log, count, 'ABORT'), false),
  },
  {
    what: 'the same, after an orderly end',
    sizes: [1000, 4000],
    prepare: (count) => reopened((log) => transactions(log, count, 'ABORT'), true),
  },
  {
    what: 'the same, by aborted transactions in segments of 16 KiB',
    sizes: [1000, 4000],
    prepare: (count) => reopened((log) => transactions(log, count, 'ABORT'), false, SMALL_SEGMENTS),
  },
  {
    what: 'the same, by transactions that were all open at once',
    sizes: [1000, 4000],
    prepare: (count) => reopened((log) => nestedTransactions(log, count), false),
  },
  {
    what: 'the same, by transactions left open',
    sizes: [1000, 4000],
    prepare: (count) => reopened((log) => transactions(log, count, null, count), false),
  },
  {
    what: 'aborted transactions looked up by a consumer, a batch at a time',
    sizes: [2000, 8000],
    prepare: (count) => readThrough(count),
  },
  { what: 'aborted transactions compacted', sizes: [1000, 4000], prepare: compaction },
];
