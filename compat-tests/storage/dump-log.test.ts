import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../../scripts/kafka/index.ts';
import { nodeFiles } from '../../src/platform/files.ts';
import { compact, keyed } from '../../test/log/cleaner/fixture.ts';
import { append, batchOf, fixture, readAll } from '../../test/log/log-fixture.ts';
import { marker } from '../../test/log/transaction-fixture.ts';
import { hasKafka } from './brokers.ts';

describe.skipIf(!hasKafka)('files read by kafka-dump-log', () => {
  let root = '';
  let directory = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'ottla-log-'));
    directory = join(root, 'orders-0');
    const { open, stage } = fixture({ indexIntervalBytes: 200, segmentBytes: 20_000 }, nodeFiles, directory);
    let log = open();
    for (let i = 0; i < 300; i++) {
      const compression = (['none', 'gzip'] as const)[i % 2];
      const producer = { producerId: 7, producerEpoch: 1, baseSequence: i * 2 };
      const draft = { compression, timestamps: [1000 + i, 1500 - i], ...producer };
      append(log, batchOf([`value ${i}`, 'x'.repeat(i)], draft), i >> 6);
      if (i === 150) {
        stage.flush();
        log = open({ cleanShutdown: false }); // as after a crash
      }
    }
    log.close();
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const dump = async (of: string, suffix: string, ...flags: string[]) => {
    const names = nodeFiles.list(of).filter((name) => name.endsWith(suffix));
    const files = names.map((name) => join(of, name)).join(',');
    const { output } = await runTool('dump-log', [...flags, '--files', files]);
    return output;
  };

  it('are record batches in order', async () => {
    const text = await dump(directory, '.log', '--deep-iteration', '--print-data-log');
    expect(text.match(/isvalid: true/g)).toHaveLength(300);
    expect(text).not.toContain('isvalid: false');
    const offsets = [...text.matchAll(/^\| offset: (\d+) /gm)].map((match) => Number(match[1]));
    expect(offsets).toEqual(Array.from({ length: 600 }, (_, i) => i));
  }, 30_000);

  it.each(['.index', '.timeindex'])(
    'have a sound %s',
    async (suffix) => {
      const sane = await dump(directory, suffix, '--index-sanity-check');
      expect(sane.match(/passed sanity check/g)?.length).toBeGreaterThan(2);
      const text = await dump(directory, suffix, '--verify-index-only');
      expect(text).not.toMatch(/mismatch|out of order|not found|Found timestamp|corrupt/i);
    },
    30_000,
  );

  it('have a snapshot of their producers', async () => {
    const text = await dump(directory, '.snapshot');
    expect(text).toMatch(/producerId: 7 producerEpoch: 1/);
    expect(text).not.toMatch(/corrupt|exception/i);
  }, 30_000);

  it('are sound after compaction, with transactions among them', async () => {
    const compacted = join(root, 'compacted-0');
    const config = {
      cleanupCompact: true,
      cleanupDelete: false,
      segmentBytes: 4000,
      indexIntervalBytes: 200,
      deleteRetentionMs: 0,
    };
    const { open, stage } = fixture(config, nodeFiles, compacted);
    const log = open();
    const transactional = { isTransactional: true, producerId: 3, producerEpoch: 0 };
    for (let i = 0; i < 200; i++) {
      const compression = (['none', 'gzip', 'lz4', 'zstd', 'snappy'] as const)[i % 5];
      append(
        log,
        keyed({ [`k${i % 30}`]: i % 9 === 0 ? null : `v${i}`, [`once ${i}`]: '.' }, { compression, at: 1000 + i }),
      );
      append(log, keyed({ [`t${i % 7}`]: `w${i}` }, { ...transactional, baseSequence: i, at: 1000 + i }));
      if (i % 5 === 4) append(log, marker(i % 2 === 0 ? 'ABORT' : 'COMMIT', 3, { at: 1000 + i }));
    }
    stage.flush();
    const before = log.size;
    for (const nowMs of [5000, 6000]) await compact(log, { nowMs });
    log.close();
    expect(log.size).toBeLessThan(before * 0.9);
    const records = await dump(compacted, '.log', '--deep-iteration', '--print-data-log');
    expect(records).not.toMatch(/isvalid: false|corrupt|exception/i);
    expect(records).toMatch(/deleteHorizonMs: OptionalLong\[\d+\]/);
    expect(records).toMatch(/endTxnMarker: ABORT/);
    for (const suffix of ['.index', '.timeindex']) {
      expect(await dump(compacted, suffix, '--index-sanity-check')).toMatch(/passed sanity check/);
      expect(await dump(compacted, suffix, '--verify-index-only')).not.toMatch(
        /mismatch|out of order|not found|Found timestamp|corrupt/i,
      );
    }
    const aborted = await dump(compacted, '.txnindex');
    expect(aborted).toMatch(/producerId: 3/);
    expect(aborted).not.toMatch(/exception/i);
  }, 60_000);

  it('are the same to this log when opened again', () => {
    expect(readAll(fixture({}, nodeFiles, directory).open())).toHaveLength(600);
    expect(readFileSync(join(directory, 'partition.metadata'), 'utf8')).toMatch(/^version: 0\ntopic_id: [\w-]{22}$/);
  });
});
