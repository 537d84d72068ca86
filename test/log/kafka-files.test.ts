/**
 * A log that Apache Kafka 4.3.1 wrote, compacted for the most part and closed in order: 60 batches in all compressions, of
 * transactions (one in two aborted), of an idempotent producer and of neither, in segments of 1200 bytes. records.txt is
 * what a consumer read from it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { allBatches, compact } from './cleaner/fixture.ts';
import { append, batchOf, fixture, readAll } from './log-fixture.ts';
import type { Log } from '../../src/log/log.ts';

const source = join(import.meta.dirname, 'fixtures/kafka-4.3.1');
const expected = readFileSync(join(source, 'records.txt'), 'utf8').split('\n');
const config = { cleanupCompact: true, cleanupDelete: false, segmentBytes: 1200 };

function opened(without: RegExp | null = null) {
  const made = fixture(config, new MemoryFiles(), '/data/orders-0');
  made.files.makeDirectory('/data/orders-0');
  for (const name of readdirSync(join(source, 'orders-0'))) {
    if (without?.test(name) !== true)
      made.files.replace(`/data/orders-0/${name}`, readFileSync(join(source, 'orders-0', name)));
  }
  return made;
}

function consumed(log: Log): string[] {
  return allBatches(log).flatMap(({ isControl, records }) =>
    records.map(
      ({ offset, timestamp, key, value }) =>
        `${offset}@${timestamp} ${isControl ? `C${key![3]}=` : `${String(key)}=${String(value)}`}`,
    ),
  );
}

/** Producer id, first offset, marker. */
const aborted = (log: Log) =>
  log
    .abortedTransactions(0, log.endOffset)
    .map(({ producerId, firstOffset, lastOffset }) => [producerId, firstOffset, lastOffset]);

describe('files that Apache Kafka wrote', () => {
  it('have the records it gave its consumers', () => {
    const log = opened().open();
    expect([log.endOffset, log.segmentCount, log.latestEpoch]).toEqual([130, 10, 2]);
    expect(consumed(log)).toEqual(expected);
    expect(aborted(log)).toHaveLength(5);
    expect(log.firstUnstableOffset).toBe(-1);
    expect(
      [...log.producers.producers.values()].map(({ epoch, batches }) => [epoch, batches.at(-1)?.lastSequence]),
    ).toEqual([
      [0, 19],
      [0, 19],
    ]);
    for (const line of expected.slice(-30)) {
      const [, offset, timestamp] = /^(\d+)@(\d+) /.exec(line)!;
      const found = log.offsetForTimestamp(Number(timestamp));
      expect(found!.offset).toBeLessThanOrEqual(Number(offset));
      expect(found!.timestamp).toBeGreaterThanOrEqual(Number(timestamp));
    }
  });

  it.each([
    ['after a crash', null],
    ['without their indexes', /index$/],
    ['without snapshots and epochs', /snapshot$|epoch-checkpoint$/],
  ])('are read as well %s', (_how, without) => {
    const log = opened(without).open({ cleanShutdown: false });
    expect(consumed(log)).toEqual(expected);
    expect(log.endOffset).toBe(130);
    expect(log.producers.producers.size).toBe(2);
    // Of transactions of which compaction has left nothing, the log itself tells no more.
    const visible = (line: string) => Number.parseInt(line, 10) >= 86;
    expect(expected.filter(visible).length).toBeGreaterThan(40);
    expect(aborted(log).filter(([, , lastOffset]) => lastOffset >= 86)).toHaveLength(2);
  });

  it('are gone on with, and compacted further', async () => {
    const { open, stage } = opened();
    let log = open();
    const isAborted = (offset: number) => aborted(log).some(([, first, end]) => offset >= first && offset <= end);
    const data = expected.filter((line) => !/ C\d=$/.test(line) && !isAborted(Number.parseInt(line, 10)));
    const committed = new Map(data.map((line) => [/ (\w+)=/.exec(line)![1], line])).values();
    const producer = [...log.producers.producers.values()][1];
    const next = batchOf(['next'], { producerId: producer.producerId, producerEpoch: 0, baseSequence: 20 });
    expect(log.checkProducer(next, 0)).toBe(0);
    expect(append(log, next)).toBe(130);
    stage.flush();
    await compact(log, { nowMs: 2e12 });
    log.close();
    log = open();
    expect(readAll(log, 0).at(-1)).toEqual({ offset: 130, value: 'next' });
    const left = consumed(log);
    expect([...committed].filter((line) => !line.endsWith('=null') && !left.includes(line))).toEqual([]);
    expect(left.length).toBeLessThan(expected.length);
  });
});
