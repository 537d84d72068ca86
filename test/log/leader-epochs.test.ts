import { describe, expect, it } from 'vitest';
import { LeaderEpochs } from '../../src/log/leader-epochs.ts';

const known = () =>
  new LeaderEpochs([
    { epoch: 2, startOffset: 0 },
    { epoch: 5, startOffset: 10 },
    { epoch: 6, startOffset: 30 },
  ]);

describe('leader epochs', () => {
  it.each([
    [-1, -1, -1],
    [-2, -2, 0],
    [0, 0, 0],
    [2, 2, 10],
    [3, 2, 10],
    [4, 2, 10],
    [5, 5, 30],
    [6, 6, 50],
    [7, -1, -1],
  ])('end of epoch %i is told as epoch %i at %i', (asked, leaderEpoch, endOffset) => {
    expect(known().endOffsetFor(asked, 50)).toEqual({ leaderEpoch, endOffset });
  });

  it('know who wrote an offset', () => {
    expect([0, 9, 10, 29, 30, 99].map((offset) => known().epochOf(offset))).toEqual([2, 2, 5, 5, 6, 6]);
    expect(new LeaderEpochs().epochOf(0)).toBe(-1);
  });

  it('take a new epoch in place of those that wrote nothing', () => {
    const epochs = known();
    expect(epochs.assign(6, 40)).toBe(false);
    expect(epochs.assign(8, 30)).toBe(true);
    expect(epochs.entries.map(({ epoch }) => epoch)).toEqual([2, 5, 8]);
  });

  it('are cut at either end', () => {
    const epochs = known();
    expect(epochs.truncateTo(30)).toBe(true);
    expect(epochs.latest).toBe(5);
    expect(epochs.truncateFrom(4)).toBe(true);
    expect(epochs.entries[0]).toEqual({ epoch: 2, startOffset: 4 });
    epochs.truncateFrom(12);
    expect(epochs.entries).toEqual([{ epoch: 5, startOffset: 12 }]);
  });

  it('are written as Kafka writes them, and read again', () => {
    expect(known().encode()).toBe('0\n3\n2 0\n5 10\n6 30\n');
    expect(LeaderEpochs.decode(known().encode())?.entries).toEqual(known().entries);
  });

  it.each(['', '0\n', '1\n0\n', '0\n2\n0 0\n', '0\n1\n0 x\n', '0\n1\n0 0'])('%j is not such a file', (text) => {
    expect(LeaderEpochs.decode(text)).toBeNull();
  });

  it('are not believed where they do not ascend', () => {
    expect(LeaderEpochs.decode('0\n2\n1 0\n2 10\n')?.latest).toBe(2);
    expect(LeaderEpochs.decode('0\n2\n3 0\n2 10\n')).toBeNull();
    expect(LeaderEpochs.decode('0\n2\n1 10\n2 10\n')).toBeNull();
  });
});
