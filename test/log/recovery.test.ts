import { describe, expect, it } from 'vitest';
import type { MemoryFiles } from '../../src/platform/memory-files.ts';
import { append, batchOf, DIRECTORY, fixture, readAll, stateOf } from './log-fixture.ts';

const LOG = `${DIRECTORY}/00000000000000000000.log`;

/** Five batches of two records, as a crash leaves them: written, but nothing closed. */
function crashed(config = {}) {
  const made = fixture(config);
  const log = made.open();
  const ends = [0];
  for (let i = 0; i < 5; i++) {
    append(log, batchOf([`a${i}`, `b${i}`], { producerId: 9, producerEpoch: 0, baseSequence: i * 2 }), i >> 1);
    ends.push(log.size);
  }
  made.stage.flush();
  return { ...made, ends, whole: stateOf(log) };
}

function overwrite(files: MemoryFiles, path: string, change: (bytes: Buffer) => Buffer): void {
  files.replace(path, change(files.readAll(path)));
}

describe('after a crash', () => {
  it('a log that is whole is as it was', () => {
    const { open, whole, warnings } = crashed({ indexIntervalBytes: 100 });
    expect(stateOf(open({ cleanShutdown: false }))).toEqual(whole);
    expect(warnings).toEqual([]);
  });

  it('a torn end is cut behind the last whole batch, at every length it can have', () => {
    const { files, open, ends, warnings } = crashed();
    const bytes = files.readAll(LOG);
    for (let length = bytes.length - 1; length >= 0; length--) {
      files.replace(LOG, bytes.subarray(0, length));
      warnings.length = 0;
      const log = open({ cleanShutdown: false });
      const kept = ends.findLastIndex((end) => end <= length);
      expect(log.endOffset).toBe(kept * 2);
      expect(log.size).toBe(ends[kept]);
      expect(files.size(LOG)).toBe(ends[kept]);
      expect(warnings.map(({ event }) => event)).toEqual(ends[kept] === length ? [] : ['log.cut']);
      expect(log.producers.producers.get(9)?.batches.at(-1)?.lastSequence).toBe(kept === 0 ? undefined : kept * 2 - 1);
    }
  });

  it('any byte of the last batch that is wrong costs that batch', () => {
    const { files, open, ends } = crashed();
    const bytes = files.readAll(LOG);
    for (let at = ends[4]; at < ends[5]; at++) {
      const epoch = at - ends[4] >= 12 && at - ends[4] < 16;
      if (epoch) continue; // not under the CRC, and any value makes a batch
      const wrong = Buffer.from(bytes);
      wrong[at] ^= 0x80;
      files.replace(LOG, wrong);
      const log = open({ cleanShutdown: false });
      // A base offset that is too high is believed, as Kafka does: it is not under the CRC either.
      if (at - ends[4] < 8 && wrong.readBigInt64BE(ends[4]) > 8n) continue;
      expect(log.endOffset).toBe(8);
      expect(readAll(log)).toHaveLength(8);
    }
  });

  it('zeros behind the end, as some file systems leave them, are cut', () => {
    const { files, open, whole } = crashed();
    overwrite(files, LOG, (bytes) => Buffer.concat([bytes, Buffer.alloc(5000)]));
    expect(stateOf(open({ cleanShutdown: false }))).toEqual(whole);
    expect(files.size(LOG)).toBe(whole.size);
  });

  it('segments behind a corrupt one go', () => {
    const { files, open, warnings } = crashed({ segmentBytes: 200 });
    const names = files.list(DIRECTORY).filter((name) => name.endsWith('.log'));
    expect(names.length).toBeGreaterThan(2);
    overwrite(files, `${DIRECTORY}/${names[1]}`, (bytes) => bytes.fill(0xff, bytes.length - 10));
    const log = open({ cleanShutdown: false });
    expect(log.segmentCount).toBe(2);
    expect(log.endOffset).toBeLessThan(10);
    expect(readAll(log)).toHaveLength(log.endOffset);
    expect(warnings).toHaveLength(1);
    expect(append(log, batchOf(['next']), 3)).toBe(log.endOffset - 1);
  });

  it('segments below the recovery point are not read', () => {
    const { files, open, whole } = crashed({ segmentBytes: 200 });
    overwrite(files, LOG, (bytes) => bytes.fill(0xff, bytes.length - 10));
    expect(open({ cleanShutdown: false, recoveryPoint: 8 }).endOffset).toBe(whole.endOffset);
  });

  it('reads from the recovery point on, and finds the same whatever that is', () => {
    const { files, open } = fixture({ indexIntervalBytes: 100 });
    const log = open();
    // Neither time nor size of the batches goes evenly.
    for (let i = 0; i < 40; i++)
      append(log, batchOf([`v${i}`.repeat(1 + (i % 7))], { timestamps: [5000 + ((i * 7) % 30)] }));
    const whole = stateOf(log);
    log.close();
    const names = files.list(DIRECTORY).filter((name) => name.endsWith('index'));
    const contents = () => names.map((name) => files.readAll(`${DIRECTORY}/${name}`).toString('hex'));
    const sound = contents();
    for (let recoveryPoint = 0; recoveryPoint <= 40; recoveryPoint++) {
      const again = open({ cleanShutdown: false, recoveryPoint });
      expect({ recoveryPoint, ...stateOf(again) }).toEqual({ recoveryPoint, ...whole });
      expect(contents()).toEqual(sound);
    }
    expect(sound[0].length).toBeGreaterThan(100);
  });

  it('reads hardly anything of a log that is all below the recovery point', () => {
    const { files, open } = fixture();
    const log = open();
    for (let i = 0; i < 300; i++) append(log, batchOf([`value ${i}`.repeat(20)], { timestamps: [5000 + i] }));
    log.close();
    let bytes = 0;
    const openFile = files.open.bind(files);
    files.open = (path, mode) => {
      const file = openFile(path, mode);
      const read = file.read.bind(file);
      return Object.assign(file, {
        read: (...given: Parameters<typeof read>) => {
          const count = read(...given);
          if (path.endsWith('.log')) bytes += count;
          return count;
        },
      });
    };
    expect(open({ cleanShutdown: false, recoveryPoint: 300 }).endOffset).toBe(300);
    expect(bytes).toBeLessThan(log.size / 2);
    bytes = 0;
    open({ cleanShutdown: false });
    expect(bytes).toBeGreaterThanOrEqual(log.size);
  });

  it('the leader epochs come back from the batches when their file is gone', () => {
    const { files, open, whole } = crashed();
    files.remove(`${DIRECTORY}/leader-epoch-checkpoint`);
    const log = open({ cleanShutdown: false });
    expect(log.latestEpoch).toBe(whole.latestEpoch);
    expect(log.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 8 });
  });

  it('leftovers of deletions and half-made files are removed', () => {
    const { files, open } = crashed();
    files.replace(`${LOG}.deleted`, 'x');
    files.replace(`${DIRECTORY}/leader-epoch-checkpoint.tmp`, 'x');
    open({ cleanShutdown: false });
    expect(files.list(DIRECTORY).filter((name) => /deleted|tmp/.test(name))).toEqual([]);
  });
});

describe('after an orderly end', () => {
  it.each(['.index', '.timeindex'])('a missing %s is made anew', (suffix) => {
    const { files, open } = fixture({ indexIntervalBytes: 100, segmentBytes: 1000 });
    const log = open();
    for (let i = 0; i < 40; i++) append(log, batchOf([`value ${i}`], { timestamps: [5000 + i] }));
    const before = stateOf(log);
    log.close();
    const path = `${DIRECTORY}/00000000000000000000${suffix}`;
    const bytes = files.readAll(path);
    expect(bytes.length).toBeGreaterThan(0);
    files.remove(path);
    const again = open();
    expect(stateOf(again)).toEqual(before);
    expect(files.readAll(path)).toEqual(bytes);
    expect(again.offsetForTimestamp(5003)?.offset).toBe(3);
  });

  it('a damaged snapshot of producers is passed over and the log read instead', () => {
    const { files, open } = fixture();
    const log = open();
    append(log, batchOf(['a'], { producerId: 3, producerEpoch: 1, baseSequence: 0 }));
    const before = stateOf(log);
    log.close();
    const path = `${DIRECTORY}/00000000000000000001.snapshot`;
    overwrite(files, path, (bytes) => bytes.fill(7, 20, 24));
    expect(stateOf(open())).toEqual(before);
  });
});

describe('what a checkpoint says', () => {
  it('throws no log away: one that ends before its noted start is kept aside', () => {
    const { open, stage, warnings } = fixture();
    const log = open();
    append(log, batchOf(['a', 'b']));
    stage.flush();
    log.close();
    const again = open({ logStartOffset: 77, recoveryPoint: 2 });
    expect([again.logStartOffset, again.endOffset]).toEqual([77, 77]);
    expect(append(again, batchOf(['c']))).toBe(77);
    stage.flush();
    expect(warnings.map(({ event }) => event)).toEqual(['log-moved-aside']);
    const aside = String(warnings[0].facts?.to);
    expect(readAll(open({ directory: aside })).map(({ value }) => value)).toEqual(['a', 'b']);
    again.close();
    expect(open({ logStartOffset: 77, recoveryPoint: 78 }).endOffset).toBe(78);
  });

  it('a damaged snapshot of producers, and damaged leader epochs, are said and made anew', () => {
    const { open, files, stage, warnings } = fixture();
    const log = open();
    append(log, batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: 0 }), 3);
    stage.flush();
    log.close();
    for (const [name, event] of [
      [`${'1'.padStart(20, '0')}.snapshot`, 'log.snapshot-damaged'],
      ['leader-epoch-checkpoint', 'log.epochs-rebuilt'],
    ]) {
      warnings.length = 0;
      const bytes = files.readAll(`${DIRECTORY}/${name}`);
      bytes[0] ^= 0x40;
      files.replace(`${DIRECTORY}/${name}`, bytes);
      const again = open({ recoveryPoint: 1 });
      expect(warnings.map((each) => each.event)).toEqual([event]);
      expect(again.producers.producers.size).toBe(1);
      expect(again.latestEpoch).toBe(3);
      again.close();
    }
  });
});
