import { expect, test } from 'vitest';
import * as batch from '../../protocol/records/batch.ts';
import type { LogDirectory } from '../../src/log/directory.ts';
import { keepsOther } from '../../src/partitions/duplicate-replicas.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { batchOf } from '../log/log-fixture.ts';

type Batch = readonly [offset: number, leaderEpoch: number];
/** Batches of a record each, by where their segment begins. */
type Segments = Readonly<Record<number, readonly Batch[]>>;

const NAME = 'orders-0';
const [other, directory] = ['/one', '/two'].map((path) => ({ path }) as LogDirectory);

class Damaged extends MemoryFiles {
  override list(path: string): string[] {
    if (path.startsWith(other.path)) throw diskError('EIO', 'list', path);
    return super.list(path);
  }
}

function write(files: MemoryFiles, { path }: LogDirectory, segments: Segments): void {
  files.makeDirectory(`${path}/${NAME}`);
  for (const [base, batches] of Object.entries(segments)) {
    const file = files.open(`${path}/${NAME}/${base.padStart(20, '0')}.log`, 'write');
    for (const [offset, leaderEpoch] of batches) {
      const bytes = batchOf(['value']);
      batch.setBaseOffset(bytes, 0, offset);
      batch.setLeaderEpoch(bytes, 0, leaderEpoch);
      file.writev([bytes], file.size());
    }
    file.close();
  }
}

test.each<[string, Segments, Segments]>([
  [
    'ends later',
    { 0: [[0, 1]] },
    {
      0: [
        [0, 1],
        [1, 1],
      ],
    },
  ],
  [
    'ends later, though its last segment begins before',
    { 0: [], 900: [[900, 1]] },
    {
      500: [
        [500, 1],
        [1999, 1],
      ],
    },
  ],
  [
    'ends with a later leader, though before',
    {
      0: [
        [0, 1],
        [9, 1],
      ],
    },
    {
      0: [
        [0, 1],
        [1, 2],
      ],
    },
  ],
  [
    'ends later, and has begun another segment',
    { 0: [[0, 1]] },
    {
      0: [
        [0, 1],
        [1, 1],
      ],
      2: [],
    },
  ],
  ['is one', {}, { 0: [[0, 1]] }],
])('of two logs the one counts that %s; the other is renamed', (_why, lesser, greater) => {
  for (const [first, second] of [
    [lesser, greater],
    [greater, lesser],
  ]) {
    const files = new MemoryFiles();
    write(files, other, first);
    write(files, directory, second);
    expect(keepsOther({ files, logger: silentLogger }, NAME, other, directory)).toBe(first === greater);
    const left = [other, directory].map(({ path }) => files.list(path).includes(NAME));
    expect(left).toEqual([first === greater, second === greater]);
  }
});

test('of two logs that are the same the one counts that was found first', () => {
  const files = new MemoryFiles();
  for (const each of [other, directory]) write(files, each, { 0: [[0, 1]] });
  expect(keepsOther({ files, logger: silentLogger }, NAME, other, directory)).toBe(true);
});

test('of two logs one of which cannot be read the other counts', () => {
  const files = new Damaged();
  for (const each of [other, directory]) write(files, each, { 0: [[0, 1]] });
  expect(keepsOther({ files, logger: silentLogger }, NAME, other, directory)).toBe(false);
});
