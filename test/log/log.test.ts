import { describe, expect, it } from 'vitest';
import * as batch from '../../protocol/records/batch.ts';
import { AppendFailedError } from '../../src/log/append-stage.ts';
import { diskError } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { append, batchOf, batchOfSize, DIRECTORY, fixture, readAll, stateOf, TOPIC_ID } from './log-fixture.ts';

describe('append', () => {
  it('stamps base offset and leader epoch and answers the base offset', () => {
    const log = fixture().open();
    const first = batchOf(['a', 'b', 'c']);
    const second = batchOf(['d']);
    expect(append(log, first, 4)).toBe(0);
    expect(append(log, second, 5)).toBe(3);
    expect(batch.baseOffset(second, 0)).toBe(3);
    expect(batch.leaderEpoch(second, 0)).toBe(5);
    expect(log.endOffset).toBe(4);
    expect(log.size).toBe(first.length + second.length);
    expect(readAll(log).map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps batches in the stage until it is flushed: small ones are one write, large ones are not copied', () => {
    const { open, stage, files } = fixture();
    const log = open();
    append(log, batchOf(['small']));
    const before = files.operations;
    append(log, batchOf(['small too']));
    expect(files.operations).toBe(before);
    stage.flush();
    expect(files.operations).toBe(before + 1);
    const path = `${DIRECTORY}/00000000000000000000.log`;
    expect(files.size(path)).toBe(log.size);
    const large = batchOfSize(9000);
    append(log, large);
    expect(files.size(path)).toBeLessThan(log.size);
    large.fill(1, 100, 200);
    stage.flush();
    expect(files.size(path)).toBe(log.size);
    expect(files.readAll(path).subarray(-large.length)).toEqual(large);
  });

  it('keeps the order of small and large batches', () => {
    const log = fixture().open();
    const values = ['a', 'b'.repeat(9000), 'c', 'd', 'e'.repeat(20_000), 'f'];
    for (const value of values) append(log, batchOf([value]));
    expect(readAll(log).map(({ value }) => value)).toEqual(values);
  });

  it('stages for one log at a time', () => {
    const { open, stage } = fixture();
    const a = open();
    const b = open({ directory: '/data/orders-1' });
    for (let i = 0; i < 10; i++) {
      append(a, batchOf([`a${i}`]));
      append(b, batchOf([`b${i}`]));
    }
    stage.flush();
    expect(readAll(a).map(({ value }) => value)).toEqual(Array.from({ length: 10 }, (_, i) => `a${i}`));
    expect(readAll(b).map(({ value }) => value)).toEqual(Array.from({ length: 10 }, (_, i) => `b${i}`));
  });

  it('holds more than the stage in one go', () => {
    const { open, stage } = fixture();
    const log = open();
    const values = Array.from({ length: 400 }, (_, i) => `${i}`.padEnd(1000));
    for (const value of values) append(log, batchOf([value]));
    stage.flush();
    expect(readAll(log).map(({ value }) => value)).toEqual(values);
  });
});

describe('a disk that refuses', () => {
  it('takes back what was staged and tells at the flush', () => {
    const { open, stage, files } = fixture({ indexIntervalBytes: 100 });
    const log = open();
    for (let i = 0; i < 5; i++) {
      append(log, batchOf([`kept ${i}`], { producerId: 7, producerEpoch: 0, baseSequence: i }));
    }
    stage.flush();
    const before = stateOf(log);
    append(log, batchOf(['lost'], { producerId: 7, producerEpoch: 0, baseSequence: 5, timestamps: [9999] }), 3);
    append(log, batchOf(['lost too'], { producerId: 8, producerEpoch: 0, baseSequence: 0 }), 3);
    files.before = (operation, path) => {
      if (operation === 'write' && path.endsWith('.log')) throw diskError('ENOSPC', 'write', path);
    };
    let thrown: unknown;
    try {
      stage.flush();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AppendFailedError);
    expect((thrown as AppendFailedError).logs).toEqual([log]);
    expect(stateOf(log)).toEqual(before);
    files.before = null;
    expect(append(log, batchOf(['again'], { producerId: 7, producerEpoch: 0, baseSequence: 5 }))).toBe(5);
    stage.flush();
    expect(readAll(log).at(-1)).toEqual({ offset: 5, value: 'again' });
  });

  it('fails the log whose bytes were lost, not the one that came after', () => {
    const { open, stage, files } = fixture();
    const unlucky = open();
    const other = open({ directory: '/data/orders-1' });
    append(unlucky, batchOf(['lost']));
    files.before = (operation, path) => {
      if (operation === 'write' && path.startsWith(DIRECTORY)) throw diskError('ENOSPC', 'write', path);
    };
    expect(append(other, batchOf(['kept']))).toBe(0);
    expect(() => append(unlucky, batchOf(['too early']))).toThrow(AppendFailedError);
    expect(() => stage.flush()).toThrow('/data/orders-0');
    expect(unlucky.endOffset).toBe(0);
    expect(readAll(other)).toEqual([{ offset: 0, value: 'kept' }]);
    files.before = null;
    expect(append(unlucky, batchOf(['now']))).toBe(0);
    stage.flush();
  });

  it('leaves the log as it was when a large batch is refused', () => {
    const { open, stage, files } = fixture();
    const log = open();
    append(log, batchOf(['a']));
    stage.flush();
    const before = stateOf(log);
    files.before = (operation, path) => {
      if (operation === 'write') throw diskError('ENOSPC', 'write', path);
    };
    append(log, batchOf(['b']));
    append(log, batchOfSize(10_000));
    expect(() => stage.flush()).toThrow('ENOSPC');
    files.before = null;
    expect(stateOf(log)).toEqual(before);
  });
});

describe('locate', () => {
  it('begins with the batch that contains the offset', () => {
    const log = fixture().open();
    append(log, batchOf(['a', 'b', 'c']));
    append(log, batchOf(['d', 'e']));
    const range = log.locate(4, 5, 1 << 20, true);
    expect(range?.position).toBe(batchOf(['a', 'b', 'c']).length);
  });

  it('finds nothing at the end and refuses what lies outside', () => {
    const log = fixture().open();
    append(log, batchOf(['a']));
    expect(log.locate(1, 1, 100, true)).toBeNull();
    expect(log.isInRange(1)).toBe(true);
    expect(log.isInRange(2)).toBe(false);
    expect(() => log.locate(2, 2, 100, true)).toThrow(RangeError);
  });

  it('gives whole batches below the upper offset only', () => {
    const log = fixture().open();
    const first = batchOf(['a', 'b']);
    append(log, first);
    append(log, batchOf(['c', 'd']));
    expect(log.locate(0, 3, 1 << 20, true)).toMatchObject({ position: 0, length: first.length });
    expect(log.locate(2, 3, 1 << 20, true)).toBeNull();
  });

  it('gives a first batch larger than maxBytes only when asked for at least one', () => {
    const log = fixture().open();
    const large = batchOfSize(5000);
    append(log, large);
    append(log, batchOf(['b']));
    expect(log.locate(0, 2, 100, false)).toBeNull();
    expect(log.locate(0, 2, 100, true)?.length).toBe(large.length);
  });

  it('needs neither index nor header for a reader at the end', () => {
    const { open, stage } = fixture();
    const log = open();
    append(log, batchOf(['a']));
    stage.flush();
    log.locate(0, 1, 1 << 20, true);
    append(log, batchOf(['b']));
    stage.flush();
    const range = log.locate(1, 2, 1 << 20, true)!;
    const read = countReads(range.file);
    log.locate(1, 2, 1 << 20, true);
    expect(read.count).toBe(0);
  });

  it.each([1, 2, 3])('agrees with a linear scan wherever it is asked, seed %i', (seed) => {
    const random = seededRandom(seed);
    const { open, stage } = fixture({ segmentBytes: 3000, indexIntervalBytes: 200 });
    let log = open();
    const starts: { offset: number; next: number; size: number }[] = [];
    for (let i = 0; i < 150; i++) {
      const count = 1 + Math.floor(random.float() * 4);
      const bytes = batchOf(Array.from({ length: count }, () => 'v'.repeat(Math.floor(random.float() * 120))));
      starts.push({ offset: append(log, bytes), next: log.endOffset, size: bytes.length });
      if (random.float() < 0.2) stage.flush();
      if (random.float() < 0.02) {
        log.close();
        log = open();
      }
    }
    expect(log.segmentCount).toBeGreaterThan(4);
    for (let i = 0; i < 400; i++) {
      const offset = Math.floor(random.float() * log.endOffset);
      const upTo = offset + Math.floor(random.float() * 60);
      const maxBytes = Math.floor(random.float() * 1500);
      const range = log.locate(offset, upTo, maxBytes, true);
      const first = starts.findIndex(({ next }) => next > offset);
      expect(range === null).toBe(starts[first].next > upTo);
      if (range === null) continue;
      const bytes = Buffer.alloc(range.length);
      range.file.read(bytes, 0, bytes.length, range.position);
      expect(batch.baseOffset(bytes, 0)).toBe(starts[first].offset);
      let end = 0;
      let last = first;
      for (; end < bytes.length; last++) end += starts[last].size;
      expect(end).toBe(bytes.length);
      expect(starts[last - 1].next).toBeLessThanOrEqual(upTo);
      expect(last === first + 1 || bytes.length <= maxBytes).toBe(true);
      // As much as could be had: what follows does not fit, is too new, or lies in the next file.
      const more = starts[last];
      const { path } = range.file;
      const fits = more !== undefined && more.next <= upTo && bytes.length + more.size <= maxBytes;
      expect(fits && log.locate(more.offset, log.endOffset, 1, true)!.file.path === path).toBe(false);
    }
  });
});

describe('segments', () => {
  it('roll by size, and are read across', () => {
    const log = fixture({ segmentBytes: 1000 }).open();
    const values = Array.from({ length: 40 }, (_, i) => `value ${i}`);
    for (const value of values) append(log, batchOf([value]));
    expect(log.segmentCount).toBeGreaterThan(3);
    expect(readAll(log).map(({ value }) => value)).toEqual(values);
    expect(readAll(log, 17)[0]).toEqual({ offset: 17, value: 'value 17' });
  });

  it('roll when the timestamps of their records lie segment.ms apart', () => {
    const log = fixture({ segmentMs: 1000 }).open();
    append(log, batchOf(['a'], { timestamps: [5000] }));
    append(log, batchOf(['b'], { timestamps: [6000] }));
    expect(log.segmentCount).toBe(1);
    append(log, batchOf(['c'], { timestamps: [6001] }));
    expect(log.segmentCount).toBe(2);
  });

  it('roll when an index is full', () => {
    const log = fixture({ indexIntervalBytes: 0, segmentIndexBytes: 48 }).open();
    for (let i = 0; i < 20; i++) append(log, batchOf(['a'], { timestamps: [1000 + i] }));
    expect(log.segmentCount).toBeGreaterThan(1);
    expect(readAll(log)).toHaveLength(20);
  });

  it('have the names and labels Kafka gives them', () => {
    const { open, files } = fixture({ segmentBytes: 300 });
    const log = open();
    for (let i = 0; i < 6; i++) append(log, batchOf(['value']));
    log.close();
    expect(files.list(DIRECTORY).filter((name) => name.startsWith('00000000000000000004'))).toEqual([
      '00000000000000000004.index',
      '00000000000000000004.log',
      '00000000000000000004.snapshot',
      '00000000000000000004.timeindex',
    ]);
    expect(files.readAll(`${DIRECTORY}/partition.metadata`).toString()).toBe(`version: 0\ntopic_id: ${TOPIC_ID}`);
    expect(files.readAll(`${DIRECTORY}/leader-epoch-checkpoint`).toString()).toBe('0\n1\n0 0\n');
  });
});

describe('reopening', () => {
  it('after an orderly end finds everything as it was', () => {
    const { open } = fixture({ segmentBytes: 2000, indexIntervalBytes: 300 });
    const log = open();
    for (let i = 0; i < 50; i++) {
      append(log, batchOf([`v${i}`, `w${i}`], { producerId: i % 3, producerEpoch: 0, baseSequence: i }), i >> 4);
    }
    const before = stateOf(log);
    log.close();
    const again = open();
    expect(stateOf(again)).toEqual(before);
    expect(append(again, batchOf(['next']), 9)).toBe(before.endOffset);
    expect(readAll(again).at(-1)?.value).toBe('next');
  });

  it('reads next to nothing after an orderly end', () => {
    const { open, files } = fixture();
    const log = open();
    for (let i = 0; i < 500; i++) append(log, batchOf([`value number ${i}`]));
    log.close();
    let bytesRead = 0;
    const openFile = files.open.bind(files);
    files.open = (path, mode) => {
      const file = openFile(path, mode);
      const read = file.read.bind(file);
      file.read = (into, offset, length, position) => {
        const count = read(into, offset, length, position);
        bytesRead += count;
        return count;
      };
      return file;
    };
    expect(open().endOffset).toBe(500);
    expect(bytesRead).toBeLessThan(9000);
  });

  it('keeps a log start offset that deleted records moved', () => {
    const { open } = fixture();
    const log = open();
    append(log, batchOf(['a', 'b', 'c']));
    log.deleteRecordsBefore(2);
    log.close();
    expect(open({ logStartOffset: 2 }).logStartOffset).toBe(2);
  });
});

function countReads(file: { read: (...args: [Uint8Array, number, number, number]) => number }): { count: number } {
  const seen = { count: 0 };
  const read = file.read.bind(file);
  file.read = (...args) => {
    seen.count++;
    return read(...args);
  };
  return seen;
}
