import { describe, expect, it } from 'vitest';
import { halfSipHash } from '../../../src/log/cleaner/key-hash.ts';
import { OffsetMap } from '../../../src/log/cleaner/offset-map.ts';
import { seededRandom } from '../../../src/platform/random.ts';
import { allBatches, compact, keyed, SEED, shown } from './fixture.ts';
import { append, fixture, readAll } from '../log-fixture.ts';

interface Seen {
  offset: number;
  key: string;
  value: string | null;
}

const config = { cleanupCompact: true, cleanupDelete: false, segmentBytes: 300, deleteRetentionMs: 1000 };

describe('the hash of keys', () => {
  it('is HalfSipHash-2-4 as its authors print it', () => {
    const out = new Int32Array(2);
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    const hash = (length: number) => {
      halfSipHash(bytes, 0, length, 0x03020100, 0x07060504, out, 0);
      return Buffer.from(out.buffer).toString('hex');
    };
    expect([0, 1].map(hash)).toEqual(['218d1f59b9b83cc8', 'be552412f8387315']);
  });
});

describe('the offset map', () => {
  it('has the last offset of each of many keys, and no more than it has room for', () => {
    const map = new OffsetMap(1e9, 24 * 1000, 0.9, SEED);
    const put = (key: number, offset: number) =>
      map.put(Buffer.from(`key ${key}`), 0, Buffer.byteLength(`key ${key}`), offset);
    for (let i = 0; i < 900; i++) expect(put(i, i)).toBe(true);
    expect(put(900, 900)).toBe(false);
    expect(map.bytes).toBe(24_000);
    for (let i = 0; i < 900; i++) expect(map.get(Buffer.from(`key ${i}`), 0, Buffer.byteLength(`key ${i}`))).toBe(i);
    expect(map.get(Buffer.from('unknown'), 0, 7)).toBe(-1);
  });

  it('tells equal keys from others wherever they lie', () => {
    const map = new OffsetMap(10, 1000, 0.9, SEED);
    map.put(Buffer.from('xab'), 1, 2, 5);
    map.put(Buffer.from('ab'), 0, 2, 7);
    expect(map.size).toBe(1);
    expect(map.get(Buffer.from('..ab..'), 2, 2)).toBe(7);
  });
});

describe('compaction', () => {
  it('leaves the last record of every key, in order, and the active segment as it is', async () => {
    const { open, files, stage } = fixture(config);
    const log = open();
    for (let i = 0; i < 40; i++) append(log, keyed({ [`k${i % 5}`]: `v${i}`, [`l${i % 7}`]: `w${i}` }));
    stage.flush();
    const before = shown(log);
    const active = log.segments.at(-1)!.baseOffset;
    await compact(log);
    const superseded = (line: string, i: number) =>
      before.findIndex((later, j) => j > i && keyOf(later) === keyOf(line) && offsetOf(later) < active) >= 0;
    const expected = before.filter((line, i) => offsetOf(line) >= active || !superseded(line, i));
    expect(shown(log).filter((line) => !line.endsWith('-'))).toEqual(expected);
    expect(log.endOffset).toBe(80);
    const state = shown(log);
    const { size } = log;
    log.close();
    const again = open();
    expect(shown(again)).toEqual(state);
    expect([again.size, again.endOffset]).toEqual([size, 80]);
    expect(files.list(log.directory).filter((name) => /cleaned|swap/.test(name))).toEqual([]);
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'keeps the compression of batches: %s',
    async (compression) => {
      const { open, stage } = fixture(config);
      const log = open();
      for (let i = 0; i < 20; i++)
        append(log, keyed({ same: `v${i}`, [`only ${i}`]: 'x'.repeat(50) }, { compression, at: 1000 + i }), i >> 3);
      stage.flush();
      await compact(log);
      const rebuilt = allBatches(log).filter(({ records }) => records.length === 1);
      expect(rebuilt.length).toBeGreaterThan(10);
      for (const each of rebuilt) {
        expect(each).toMatchObject({
          compression,
          lastOffset: each.baseOffset + 1,
          maxTimestamp: 1000 + each.baseOffset / 2,
          leaderEpoch: each.baseOffset >> 4,
        });
        expect(each.records[0]).toMatchObject({ offset: each.lastOffset, timestamp: 1000 + each.baseOffset / 2 });
      }
    },
  );

  it('keeps a tombstone for delete.retention.ms, and what it deleted no longer', async () => {
    const { open, stage } = fixture({ ...config, segmentBytes: 100 });
    const log = open();
    append(log, keyed({ a: '1' }));
    append(log, keyed({ b: '2' }));
    append(log, keyed({ a: null }));
    append(log, keyed({ c: '3' }));
    append(log, keyed({ active: 'x' }));
    stage.flush();
    await compact(log, { nowMs: 10_000 });
    expect(shown(log)).toEqual(['1 b=2', '2 a=null', '3 c=3', '4 active=x']);
    expect(allBatches(log).map(({ deleteHorizonMs }) => deleteHorizonMs)).toEqual([null, 11_000, null, null]);
    expect(allBatches(log)[1].records[0].timestamp).toBe(1000);
    await compact(log, { nowMs: 10_999 });
    expect(shown(log)).toContain('2 a=null');
    await compact(log, { nowMs: 11_000 });
    expect(shown(log)).toEqual(['1 b=2', '3 c=3', '4 active=x']);
  });

  it('leaves the end of what it cleaned reachable, and the last sequence number of a producer', async () => {
    const { open, stage } = fixture({ ...config, segmentBytes: 100 });
    const log = open();
    const producer = { producerId: 9, producerEpoch: 0 };
    append(log, keyed({ a: '1' }, { ...producer, baseSequence: 0 }));
    append(log, keyed({ a: '2' }, { ...producer, baseSequence: 1 }));
    append(log, keyed({ b: '3' }));
    append(log, keyed({ a: null }));
    append(log, keyed({ b: null }));
    append(log, keyed({ active: 'x' }));
    stage.flush();
    await compact(log, { nowMs: 10_000 });
    await compact(log, { nowMs: 20_000 });
    expect(shown(log)).toEqual(['1 -', '4 -', '5 active=x']);
    log.close();
    const again = open({ cleanShutdown: false });
    expect(again.producers.producers.get(9)?.batches.at(-1)).toMatchObject({ lastSequence: 1, lastOffset: 1 });
    expect(readAll(again, 0)).toEqual([{ offset: 5, value: 'x' }]);
  });

  it('goes as far as its memory reaches, and on from there the next time', async () => {
    const { open, stage } = fixture(config);
    const log = open();
    for (let i = 0; i < 60; i++) append(log, keyed({ [`k${i % 20}`]: `v${i}` }));
    stage.flush();
    let checkpoint = 0;
    let passes = 0;
    for (let to = -1; to !== checkpoint && passes < 30; passes++) {
      to = checkpoint;
      const end = log.segments.at(-1)!.baseOffset;
      if (checkpoint < end) checkpoint = (await compact(log, { checkpoint, keys: 7 })).cleanedTo;
    }
    expect(passes).toBeGreaterThan(3);
    const values = shown(log)
      .filter((line) => offsetOf(line) < log.segments.at(-1)!.baseOffset)
      .map(keyOf);
    expect(new Set(values).size).toBe(values.length);
  });

  it('puts small segments together', async () => {
    const { open, stage } = fixture({ ...config, segmentBytes: 400 });
    const log = open();
    for (let i = 0; i < 50; i++) append(log, keyed({ [`k${i % 5}`]: 'v'.repeat(50) }));
    stage.flush();
    const count = log.segmentCount;
    expect(count).toBeGreaterThan(10);
    await compact(log);
    await compact(log);
    expect(log.segmentCount).toBeLessThan(5);
    expect(log.size).toBe(log.segments.reduce((sum, { size }) => sum + size, 0));
  });

  it('agrees with a plain account of keys, for any history', async () => {
    const random = seededRandom(7);
    for (let round = 0; round < 30; round++) {
      const { open, stage } = fixture({ ...config, segmentBytes: 200 + Math.floor(random.float() * 600) });
      const log = open();
      const seen: Seen[] = [];
      for (let i = 0; i < 80; i++) {
        const values: Record<string, string | null> = {};
        for (let j = 0; j < 1 + random.float() * 4; j++)
          values[`k${Math.floor(random.float() * 12)}`] = random.float() < 0.2 ? null : `${i}.${j}`;
        const compression = (['none', 'none', 'lz4', 'gzip'] as const)[Math.floor(random.float() * 4)];
        let offset = append(log, keyed(values, { compression }));
        for (const [key, value] of Object.entries(values)) seen.push({ offset: offset++, key, value });
        if (i % 25 !== 24) continue;
        stage.flush();
        await compact(log, { nowMs: i * 10 });
      }
      stage.flush();
      const active = log.segments.at(-1)!.baseOffset;
      await compact(log, { nowMs: 800 });
      const lastOf = new Map(seen.filter(({ offset }) => offset < active).map((record) => [record.key, record]));
      const kept = allBatches(log).flatMap(({ records }) => records);
      expect(kept.map(({ offset }) => offset)).toEqual(kept.map(({ offset }) => offset).toSorted((a, b) => a - b));
      const found = new Map(kept.map((record) => [record.offset, record]));
      const stays = ({ offset, key }: Seen) => offset >= active || lastOf.get(key)?.offset === offset;
      for (const { offset, value } of seen.filter(stays)) {
        // A tombstone may have gone.
        expect(found.get(offset)?.value?.toString() ?? null).toBe(value);
      }
      expect(seen.filter((record) => !stays(record) && found.has(record.offset))).toEqual([]);
    }
  });
});

function keyOf(line: string): string {
  return line.slice(line.indexOf(' ') + 1).split('=')[0];
}

function offsetOf(line: string): number {
  return Number.parseInt(line, 10);
}
