import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/log/log.ts';
import { abortedTransactionsIn, type AbortedTransaction } from '../../src/log/transaction-index.ts';
import { append, batchOf, DIRECTORY, fixture } from './log-fixture.ts';
import { marker } from './transaction-fixture.ts';

function transactional(producerId: number, baseSequence: number) {
  return batchOf([`of ${producerId}`], { isTransactional: true, producerId, producerEpoch: 0, baseSequence });
}

/** Producer 1 aborts [0, 3], producer 2 commits, producer 3 aborts [2, 5], producer 1 aborts [6, 7]. */
function fill(log: Log): void {
  append(log, transactional(1, 0));
  append(log, transactional(2, 0));
  append(log, transactional(3, 0));
  append(log, marker('ABORT', 1));
  append(log, marker('COMMIT', 2));
  append(log, marker('ABORT', 3));
  append(log, transactional(1, 1));
  append(log, marker('ABORT', 1));
  append(log, batchOf(['last']));
}

const ABORTED: AbortedTransaction[] = [
  { producerId: 1, firstOffset: 0, lastOffset: 3, lastStableOffset: 1 },
  { producerId: 3, firstOffset: 2, lastOffset: 5, lastStableOffset: 6 },
  { producerId: 1, firstOffset: 6, lastOffset: 7, lastStableOffset: 8 },
];

describe('.txnindex', () => {
  it('has the bytes Apache Kafka writes, and only where a transaction was aborted', () => {
    const { open, files, stage } = fixture({ segmentBytes: 100 });
    const log = open();
    fill(log);
    stage.flush();
    const names = files.list(DIRECTORY).filter((name) => name.endsWith('.txnindex'));
    expect(names).toEqual([3, 5, 7].map((offset) => `${String(offset).padStart(20, '0')}.txnindex`));
    expect(files.readAll(`${DIRECTORY}/${names[0]}`).toString('hex')).toBe(
      ['0000', '0000000000000001', '0000000000000000', '0000000000000003', '0000000000000001'].join(''),
    );
  });

  it('is made anew after an orderly end when one of its bits has changed', () => {
    const { open, files, stage, warnings } = fixture();
    const log = open();
    fill(log);
    stage.flush();
    log.close();
    const path = `${DIRECTORY}/${'0'.repeat(20)}.txnindex`;
    const whole = files.readAll(path);
    const found = log.recoveryPoint;
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      files.replace(path, damaged);
      const again = open({ recoveryPoint: found });
      // A lower lastStableOffset ends no search too early.
      const expected = ABORTED.map(({ producerId, firstOffset, lastOffset }) =>
        expect.objectContaining({ producerId, firstOffset, lastOffset }),
      );
      expect(again.abortedTransactions(0, 9), `bit ${bit}`).toEqual(expected);
      again.close();
    }
    expect(warnings.length).toBeGreaterThan(whole.length * 7);
    expect(new Set(warnings.map(({ event }) => event))).toEqual(new Set(['log.index-rebuilt']));
  });

  it.each([100, 1e6])(
    'tells of the transactions in a range, by first offset, in segments of %i bytes',
    (segmentBytes) => {
      const { open, stage } = fixture({ segmentBytes });
      const log = open();
      fill(log);
      stage.flush();
      expect(log.abortedTransactions(0, 9)).toEqual(ABORTED);
      expect(log.abortedTransactions(0, 2)).toEqual(ABORTED.slice(0, 1));
      expect(log.abortedTransactions(4, 6)).toEqual(ABORTED.slice(1, 2));
      expect(log.abortedTransactions(6, 9)).toEqual(ABORTED.slice(2));
      expect(log.abortedTransactions(8, 9)).toEqual([]);
    },
  );

  it('is the same after an orderly end, a crash, and the loss of the index files', () => {
    const { open, files, stage } = fixture({ segmentBytes: 250 });
    let log = open();
    fill(log);
    stage.flush();
    log.close();
    log = open();
    expect(log.abortedTransactions(0, 9)).toEqual(ABORTED);
    log = open({ cleanShutdown: false });
    expect(log.abortedTransactions(0, 9)).toEqual(ABORTED);
    for (const name of files.list(DIRECTORY)) if (name.endsWith('index')) files.remove(`${DIRECTORY}/${name}`);
    expect(open({ cleanShutdown: false }).abortedTransactions(0, 9)).toEqual(ABORTED);
  });

  it('forgets what is cut, and learns it anew', () => {
    const { open, stage } = fixture();
    const log = open();
    fill(log);
    stage.flush();
    log.truncateTo(5);
    expect(log.abortedTransactions(0, 5)).toEqual(ABORTED.slice(0, 1));
    expect(log.firstUnstableOffset).toBe(2);
    append(log, marker('ABORT', 3));
    stage.flush();
    expect(log.abortedTransactions(0, 6)).toEqual(ABORTED.slice(0, 2));
    expect(log.firstUnstableOffset).toBe(-1);
  });

  it('forgets a marker that did not reach the disk', () => {
    const { open, files, stage } = fixture();
    const log = open();
    append(log, transactional(1, 0));
    stage.flush();
    append(log, marker('ABORT', 1));
    expect(log.abortedTransactions(0, 2)).toHaveLength(1);
    files.before = (operation) => {
      if (operation === 'write') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    expect(() => stage.flush()).toThrow('full');
    files.before = null;
    expect(log.abortedTransactions(0, 2)).toEqual([]);
    expect(log.firstUnstableOffset).toBe(0);
  });

  it('is not searched further than a reader can see', () => {
    const unread = {
      get entries(): readonly AbortedTransaction[] {
        throw new Error('read without need');
      },
    };
    const segments = [
      { baseOffset: 0, transactions: { entries: ABORTED } },
      { baseOffset: 9, transactions: unread },
    ];
    expect(abortedTransactionsIn(segments, 0, 0, 7)).toEqual(ABORTED);
  });
});
