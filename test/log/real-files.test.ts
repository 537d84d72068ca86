import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogDirectory } from '../../src/log/directory.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeFiles } from '../../src/platform/files.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { append, batchOf, batchOfSize, fixture, readAll, stateOf } from './log-fixture.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ottla-log-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const openDirectory = () =>
  LogDirectory.open({
    files: nodeFiles,
    clock: systemClock,
    logger: silentLogger,
    random: systemRandom,
    path: root,
    nodeId: 1,
  });

describe('on a real disk', () => {
  it('a log is the same after an orderly end, and after a crash', () => {
    const path = join(root, 'orders-0');
    const { open, stage } = fixture({ segmentBytes: 50_000 }, nodeFiles, path);
    const log = open();
    for (let i = 0; i < 200; i++) append(log, i % 10 === 0 ? batchOfSize(9000) : batchOf([`value ${i}`]), i >> 6);
    stage.flush();
    const before = stateOf(log);
    expect(before.records).toHaveLength(200);
    expect(log.segmentCount).toBeGreaterThan(2);
    expect(stateOf(open({ cleanShutdown: false }))).toEqual(before);
    log.close();
    expect(stateOf(open())).toEqual(before);
  });

  it('a torn end is cut and written over', () => {
    const path = join(root, 'orders-0');
    const { open, stage, warnings } = fixture({}, nodeFiles, path);
    const log = open();
    for (const value of ['a', 'b', 'c']) append(log, batchOf([value]));
    stage.flush();
    truncateSync(join(path, '00000000000000000000.log'), log.size - 1);
    const again = open({ cleanShutdown: false });
    expect(warnings).toHaveLength(1);
    expect(append(again, batchOf(['d']))).toBe(2);
    expect(readAll(again).map(({ value }) => value)).toEqual(['a', 'b', 'd']);
  });

  it('a directory is locked, left and found again in order', async () => {
    const first = openDirectory();
    expect(() => openDirectory()).toThrow(/Another broker/);
    const log = fixture({}, nodeFiles, first.pathOf('orders', 0)).open({ deletions: first.deletions });
    append(log, batchOf(['a']));
    await log.flushLater();
    log.close();
    first.close([log]);
    const second = openDirectory();
    expect(second.cleanShutdown).toBe(true);
    expect(second.partitions().map(({ name }) => name)).toEqual(['orders-0']);
    expect(second.checkpointOf('orders', 0).recoveryPoint).toBe(1);
    second.abandon();
  });

  it('a deleted log leaves nothing behind', () => {
    const directory = openDirectory();
    const log = fixture({}, nodeFiles, directory.pathOf('orders', 0)).open({
      deletions: directory.deletions,
      clock: systemClock,
    });
    append(log, batchOf(['a']));
    log.delete();
    expect(readdirSync(root).some((name) => name.endsWith('-delete'))).toBe(true);
    directory.close([]);
    expect(readdirSync(root).filter((name) => name.startsWith('orders'))).toEqual([]);
  });

  it('a lock that a dead broker left does not stop the next', () => {
    writeFileSync(join(root, '.lock'), '999999999 77\n');
    openDirectory().abandon();
    expect(readdirSync(root)).not.toContain('.lock');
  });
});
