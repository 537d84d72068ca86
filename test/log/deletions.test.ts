import { describe, expect, test } from 'vitest';
import { Deletions } from '../../src/log/deletions.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';

const MIB = 1 << 20;

function room() {
  const files = new MemoryFiles();
  const clock = new VirtualClock();
  const write = (path: string, size: number): void => {
    const file = files.open(path, 'write');
    file.truncate(size);
    file.close();
  };
  files.makeDirectory('/data/orders-0');
  return { files, clock, write, deletions: new Deletions(files, clock, silentLogger) };
}

describe('files to be deleted', () => {
  test('go after the delay, small ones all at once', async () => {
    const { files, clock, write, deletions } = room();
    const paths = ['/data/orders-0/a.log', '/data/orders-0/a.index'];
    for (const path of paths) write(path, MIB);
    deletions.renamed(1000, paths, () => {});
    await clock.advance(999);
    expect(files.list('/data/orders-0')).toEqual(['a.index.deleted', 'a.log.deleted']);
    await clock.advance(1);
    expect(files.list('/data/orders-0')).toEqual([]);
  });

  test('shrink a slice at a time where they are large, in a folder too', async () => {
    const { files, clock, write, deletions } = room();
    write('/data/orders-0/a.log', 28 * MIB);
    write('/data/orders-0/b.log', MIB);
    deletions.later(1000, ['/data/orders-0']);
    await clock.advance(1000);
    const sizes: number[] = [];
    while (files.exists('/data/orders-0/a.log')) {
      sizes.push(files.size('/data/orders-0/a.log') / MIB);
      await clock.advance(1);
    }
    expect(sizes).toEqual([20, 12, 4]);
    expect(files.exists('/data/orders-0')).toBe(false);
  });

  test('are gone at once when the broker ends, however far it was', async () => {
    const { files, clock, write, deletions } = room();
    write('/data/orders-0/a.log', 200 * MIB);
    write('/data/orders-0/b.log', 200 * MIB);
    deletions.later(10, ['/data/orders-0/a.log']);
    deletions.later(1000, ['/data/orders-0/b.log']);
    await clock.advance(10);
    deletions.finish();
    expect(files.list('/data/orders-0')).toEqual([]);
    await clock.advance(2000); // nothing is left to be done
  });
});
