import { describe, expect, it } from 'vitest';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import type { LogConfig } from '../../src/config/log-config.ts';
import { CheckedReader } from '../../src/log/checked-reader.ts';
import { CorruptBatchError } from '../../src/log/damage.ts';
import type { Log } from '../../src/log/log.ts';
import { append, batchOf, batchOfSize, DIRECTORY, fixture } from './log-fixture.ts';

interface Read {
  values: Map<number, string>;
  /** Where a consumer was told that it cannot go on, or -1. */
  stoppedAt: number;
}

/** What a consumer gets that fetches `maxBytes` at a time and is given them in pieces of `pieceBytes`. */
function consume(log: Log, maxBytes = 400, pieceBytes = 150): Read {
  const values = new Map<number, string>();
  for (let offset = log.logStartOffset; offset < log.endOffset;) {
    try {
      const range = log.locate(offset, log.endOffset, maxBytes, true);
      if (range === null) return { values, stoppedAt: -1 };
      const reader = new CheckedReader(range);
      const { position, length } = range;
      const bytes = Buffer.alloc(length);
      for (let at = 0; at < length;) at += reader.read(bytes, at, Math.min(pieceBytes, length - at), position + at);
      for (const at of batches(bytes)) {
        for (const record of decodeBatch(bytes, at).records) values.set(record.offset, String(record.value));
        offset = decodeBatch(bytes, at).lastOffset + 1;
      }
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error;
      // A piece that failed is asked for again, as by a client whose connection was closed: then there is an answer.
      if (!canLocate(log, offset)) return { values, stoppedAt: offset };
    }
  }
  return { values, stoppedAt: -1 };
}

function canLocate(log: Log, offset: number): boolean {
  try {
    log.locate(offset, log.endOffset, 1, true);
    return true;
  } catch {
    return false;
  }
}

const CONFIG: Partial<LogConfig> = { segmentBytes: 500, indexIntervalBytes: 100 };
const BATCHES = 12;

/** A log of two records a batch in several segments, ended in order. */
function written(config: Partial<LogConfig> = {}) {
  const made = fixture({ ...CONFIG, ...config });
  const log = made.open();
  for (let i = 0; i < BATCHES; i++) append(log, batchOf([`a${i}`, `b${i}`], { timestamps: [1000 + i, 1000 + i] }));
  const values = consume(log).values;
  const byTime = Array.from({ length: BATCHES }, (_, i) => log.offsetForTimestamp(1000 + i)?.offset);
  log.close();
  return {
    ...made,
    values,
    byTime,
    names: (suffix: string) => made.files.list(DIRECTORY).filter((name) => name.endsWith(suffix)),
  };
}

describe('a flipped bit', () => {
  it('in a .log costs a consumer that batch, told and not passed over in silence', () => {
    const { files, open, values, names } = written();
    for (const name of names('.log')) {
      const path = `${DIRECTORY}/${name}`;
      const sound = files.readAll(path);
      let batchStart = 0;
      const size = sound.readInt32BE(8) + 12;
      for (let at = 0; at < sound.length; at++) {
        batchStart = Math.floor(at / size) * size;
        if (at - batchStart >= 12 && at - batchStart < 16) continue; // the leader epoch: not under the CRC, any will do
        const wrong = Buffer.from(sound);
        wrong[at] ^= 0x10;
        files.replace(path, wrong);
        const log = open({ recoveryPoint: 24 });
        const { values: got, stoppedAt } = consume(log);
        const where = `${name} byte ${at}`;
        const before = [...values].filter(([offset]) => offset < stoppedAt);
        expect({ where, told: stoppedAt >= 0, got: [...got], end: log.endOffset }).toEqual({
          where,
          told: true,
          got: before,
          end: 24,
        });
      }
      files.replace(path, sound);
    }
  });

  it('lets the others pass where that is configured', () => {
    const { files, open, values, names } = written({ skipCorruptBatches: true });
    const path = `${DIRECTORY}/${names('.log')[1]}`;
    const sound = files.readAll(path);
    const size = sound.readInt32BE(8) + 12;
    for (let at = size; at < 2 * size; at++) {
      if (at - size < 8 || (at - size >= 12 && at - size < 16)) continue; // offsets and epochs are not under the CRC
      const wrong = Buffer.from(sound);
      wrong[at] ^= 0x10;
      files.replace(path, wrong);
      const { values: got, stoppedAt } = consume(open());
      const first = sound.readInt32BE(size + 4);
      const expected = new Map([...values].filter(([offset]) => offset < first || offset > first + 1));
      expect({ at, stoppedAt, got }).toEqual({ at, stoppedAt: -1, got: expected });
    }
  });

  it.each(['.index', '.timeindex'])('in a %s changes no answer', (suffix) => {
    const { files, open, values, byTime, names } = written();
    expect(files.readAll(`${DIRECTORY}/${names(suffix)[0]}`).length).toBeGreaterThan(8);
    for (const name of names(suffix)) {
      const path = `${DIRECTORY}/${name}`;
      const sound = files.readAll(path);
      for (let bit = 0; bit < sound.length * 8; bit += 3) {
        const wrong = Buffer.from(sound);
        wrong[bit >> 3] ^= 1 << (bit & 7);
        files.replace(path, wrong);
        const log = open();
        const times = byTime.map((_, i) => log.offsetForTimestamp(1000 + i)?.offset);
        const answers = { name, bit, values: consume(log).values, times, latest: log.maxTimestamp()?.offset };
        expect(answers).toEqual({ name, bit, values, times: byTime, latest: 22 });
      }
      files.replace(path, sound);
    }
  });

  it('in a batch larger than a piece is found before its first piece leaves', () => {
    const { files, open } = fixture();
    const log = open();
    append(log, batchOf(['small']));
    append(log, batchOfSize(20_000));
    log.close();
    const path = `${DIRECTORY}/00000000000000000000.log`;
    const wrong = files.readAll(path);
    wrong[15_000] ^= 1;
    files.replace(path, wrong);
    const again = open();
    expect(consume(again, 1 << 20, 4096)).toEqual({ values: new Map([[0, 'small']]), stoppedAt: 1 });
  });

  it('below the recovery point is not cut away after a crash, nor is what lies behind it', () => {
    const { files, open, values, names, warnings } = written();
    const path = `${DIRECTORY}/${names('.log').at(-1)}`;
    const wrong = files.readAll(path);
    wrong[70] ^= 1;
    files.replace(path, wrong);
    const log = open({ cleanShutdown: false, recoveryPoint: 24 });
    expect(log.endOffset).toBe(24);
    expect(warnings).toEqual([]);
    const { stoppedAt } = consume(log);
    expect(stoppedAt).toBe(Number(names('.log').at(-1)!.slice(0, 20)));
    expect(append(log, batchOf(['next']))).toBe(24);
    expect(values.size).toBe(24);
  });
});
