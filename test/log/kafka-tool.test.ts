import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/platform/files.ts';
import { append, batchOf, fixture, readAll } from './log-fixture.ts';

const run = promisify(execFile);
const tool = resolve(import.meta.dirname, '../../../shared/tools/kafka/kafka');
const installed = existsSync(tool) && existsSync(process.env.KAFKA_HOME ?? join(homedir(), '.cache/apache-kafka'));

describe.skipIf(!installed)('files read by the tool of Apache Kafka (skipped where that is not there)', () => {
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

  const dump = async (suffix: string, ...flags: string[]) => {
    const names = nodeFiles.list(directory).filter((name) => name.endsWith(suffix));
    const files = names.map((name) => join(directory, name)).join(',');
    const { stdout, stderr } = await run(tool, ['dump-log', ...flags, '--files', files], { maxBuffer: 1e8 });
    return stdout + stderr;
  };

  it('are record batches in order', async () => {
    const text = await dump('.log', '--deep-iteration', '--print-data-log');
    expect(text.match(/isvalid: true/g)).toHaveLength(300);
    expect(text).not.toContain('isvalid: false');
    const offsets = [...text.matchAll(/^\| offset: (\d+) /gm)].map((match) => Number(match[1]));
    expect(offsets).toEqual(Array.from({ length: 600 }, (_, i) => i));
  }, 30_000);

  it.each(['.index', '.timeindex'])('have a sound %s', async (suffix) => {
    const sane = await dump(suffix, '--index-sanity-check');
    expect(sane.match(/passed sanity check/g)?.length).toBeGreaterThan(2);
    const text = await dump(suffix, '--verify-index-only');
    expect(text).not.toMatch(/mismatch|out of order|not found|Found timestamp|corrupt/i);
  }, 30_000);

  it('have a snapshot of their producers', async () => {
    const text = await dump('.snapshot');
    expect(text).toMatch(/producerId: 7 producerEpoch: 1/);
    expect(text).not.toMatch(/corrupt|exception/i);
  }, 30_000);

  it('are the same to this log when opened again', () => {
    expect(readAll(fixture({}, nodeFiles, directory).open())).toHaveLength(600);
    expect(readFileSync(join(directory, 'partition.metadata'), 'utf8')).toMatch(/^version: 0\ntopic_id: [\w-]{22}$/);
  });
});
