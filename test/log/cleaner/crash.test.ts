import { describe, expect, it } from 'vitest';
import type { Log } from '../../../src/log/log.ts';
import { diskError, MemoryFiles } from '../../../src/platform/memory-files.ts';
import { allBatches, compact, keyed, shown } from './fixture.ts';
import { append, fixture, readAll } from '../log-fixture.ts';
import { marker } from '../transaction-fixture.ts';

const config = { cleanupCompact: true, cleanupDelete: false, segmentBytes: 600, deleteRetentionMs: 1000 };

/** Two rounds of keys, tombstones and transactions over several segments. */
function fill(log: Log): void {
  const transactional = { isTransactional: true, producerId: 5, producerEpoch: 0 };
  let sequence = 0;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 12; i++)
      append(log, keyed({ [`k${i}`]: `v${round}.${i}`, [`l${i % 3}`]: `w${round}.${i}` }), round);
    append(log, keyed({ k1: null, k2: null }), round);
    append(log, keyed({ k3: 'taken back' }, { ...transactional, baseSequence: sequence++ }), round);
    append(log, marker('ABORT', 5), round);
    append(log, keyed({ k4: `committed ${round}` }, { ...transactional, baseSequence: sequence++ }), round);
    append(log, marker('COMMIT', 5), round);
  }
  for (let i = 0; i < 4; i++) append(log, keyed({ [`active${i}`]: 'x'.repeat(100) }), 2);
}

function lastOfKeys(log: Log): Map<string, string> {
  const aborted = log.abortedTransactions(0, log.endOffset);
  const last = new Map<string, string>();
  for (const { isControl, isTransactional, producerId, records } of allBatches(log)) {
    for (const { offset, key, value } of records) {
      const isTakenBack =
        isTransactional &&
        aborted.some((one) => one.producerId === producerId && offset >= one.firstOffset && offset <= one.lastOffset);
      if (isControl || isTakenBack) continue;
      if (value === null) last.delete(String(key));
      else last.set(String(key), `${offset} ${value.toString()}`);
    }
  }
  return last;
}

describe('a compaction that is stopped', () => {
  const run = async (stopAt: number) => {
    const files = new MemoryFiles();
    const { open, stage } = fixture(config, files);
    const log = open();
    fill(log);
    stage.flush();
    log.flush();
    const expected = { last: lastOfKeys(log), endOffset: log.endOffset };
    const first = files.operations;
    files.before = (_operation, path, count) => {
      if (count - first >= stopAt) throw diskError('EIO', 'stopped', path);
    };
    let hasEnded = true;
    try {
      await compact(log, { nowMs: 5000 });
    } catch {
      hasEnded = false;
    }
    files.before = null;
    return { files, open, expected, hasEnded, operations: files.operations - first };
  };

  it('at any file operation leaves a log with the same last records, and the next one ends it', async () => {
    const whole = await run(Infinity);
    const final = shown(whole.open({ cleanShutdown: false }));
    expect(whole.hasEnded).toBe(true);
    expect(whole.operations).toBeGreaterThan(40);
    for (let stopAt = 1; stopAt <= whole.operations; stopAt++) {
      const { files, open, expected, hasEnded } = await run(stopAt);
      expect({ stopAt, hasEnded }).toEqual({ stopAt, hasEnded: false });
      for (const options of [{ cleanShutdown: false }, { cleanShutdown: false, recoveryPoint: expected.endOffset }]) {
        const log = open(options);
        const offsets = readAll(log, 0).map(({ offset }) => offset);
        const leftovers = files.list(log.directory).filter((name) => /cleaned|swap/.test(name));
        const { endOffset } = log;
        expect({ stopAt, options, endOffset, last: lastOfKeys(log), offsets, leftovers }).toEqual({
          stopAt,
          options,
          ...expected,
          offsets: [...new Set(offsets)].toSorted((x, y) => x - y),
          leftovers: [],
        });
        log.close();
      }
      const log = open();
      await compact(log, { nowMs: 5000 });
      expect({ stopAt, shown: shown(log) }).toEqual({ stopAt, shown: final });
      log.close();
    }
  });

  it('that fails by a full disk leaves nothing behind, and goes on when there is room', async () => {
    const files = new MemoryFiles();
    const { open, stage } = fixture(config, files);
    const log = open();
    fill(log);
    stage.flush();
    const before = lastOfKeys(log);
    files.before = (operation, path) => {
      if (operation === 'write' && path.includes('.log.cleaned')) throw diskError('ENOSPC', 'write', path);
    };
    await expect(compact(log, { nowMs: 5000 })).rejects.toThrow('ENOSPC');
    expect(lastOfKeys(log)).toEqual(before);
    expect(files.list(log.directory).filter((name) => /cleaned|swap/.test(name))).toEqual([]);
    const count = shown(log).length;
    files.before = null;
    await compact(log, { nowMs: 5000 });
    expect(lastOfKeys(log)).toEqual(before);
    expect(shown(log).length).toBeLessThan(count);
  });
});
