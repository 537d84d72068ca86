import { describe, expect, it } from 'vitest';
import * as batch from '../../../protocol/records/batch.ts';
import { batches, CorruptRecords, decodeBatch } from '../../../protocol/records/decode.ts';
import { encodeBatch, encodeValues, type RecordDraft } from '../../../protocol/records/encode.ts';
import { codecs } from '../../../protocol/records/compression.ts';
import { controlRecordName } from '../../../protocol/records/control.ts';
import { randomBytes, seeded, wordyBytes } from './seeded.ts';

function drafts(seed: number, count: number): RecordDraft[] {
  const random = seeded(seed);
  const maybe = (size: number): Buffer | null =>
    random() < 0.2 ? null : randomBytes(Math.floor(random() * 1e6), Math.floor(random() ** 3 * size));
  return Array.from({ length: count }, (_, i) => ({
    key: maybe(200),
    value: i % 5 === 0 ? wordyBytes(seed + i, 5000) : maybe(20_000),
    timestamp: Math.floor(1.7e12 + (random() - 0.5) * 10 ** (seed % 13)),
    headers: Array.from({ length: Math.floor(random() ** 4 * 100) }, (_, h) => ({ key: `hé${h}`, value: maybe(90) })),
  }));
}

function outcome(bytes: Buffer): string {
  try {
    decodeBatch(bytes, 0, 1 << 20);
    return 'decoded';
  } catch (error) {
    return (error as Error).name;
  }
}

it.each([0, 1, 2, 300])(
  '%i values of one timestamp are the same batch, one by one or one behind the other',
  (count) => {
    const values = Array.from({ length: count }, (_, i) => randomBytes(i, (i * 37) % 700));
    const ends = values.map((_, i) => Buffer.concat(values.slice(0, i + 1)).length);
    const place = { baseOffset: 2 ** 40, leaderEpoch: 7 };
    const records = values.map((value) => ({ key: null, value, timestamp: 1.7e12 }));
    const bytes = Buffer.concat([...values, randomBytes(1, 9)]);
    expect(encodeValues({ bytes, ends }, 1.7e12, place)).toEqual(encodeBatch({ records, ...place }));
  },
);

describe.each(codecs)('with %s', (compression) => {
  it('what is encoded decodes to the same', () => {
    for (let seed = 1; seed <= 25; seed++) {
      const records = drafts(seed, 1 + ((seed * 7) % 90));
      const bytes = encodeBatch({
        records,
        compression,
        baseOffset: seed * 1e9,
        baseSequence: seed,
        producerId: 2 ** 41,
      });
      const decoded = decodeBatch(bytes);
      expect(decoded).toMatchObject({ compression, baseOffset: seed * 1e9, baseSequence: seed, producerId: 2 ** 41 });
      expect(decoded.records).toEqual(records.map((record, i) => ({ offset: seed * 1e9 + i, ...record })));
      expect(decoded.maxTimestamp).toBe(Math.max(...records.map(({ timestamp }) => timestamp)));
    }
  });

  it('a batch damaged anywhere fails its CRC, and decodes or throws CorruptRecords or BadCompression', () => {
    const random = seeded(77);
    const right = encodeBatch({ records: drafts(3, 20).map((draft) => ({ ...draft, headers: [] })), compression });
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(right);
      const at = 21 + Math.floor(random() * (bytes.length - 21));
      bytes[at] ^= 1 + Math.floor(random() * 255);
      expect(batch.isCrcValid(bytes, 0)).toBe(false);
      expect(outcome(bytes)).toMatch(/^(decoded|CorruptRecords|BadCompression|DecompressedTooLarge)$/);
    }
  });
});

it('every field of the header is where it belongs', () => {
  const bytes = encodeBatch({
    records: drafts(1, 3),
    baseOffset: 2 ** 52 + 1,
    leaderEpoch: 2 ** 31 - 1,
    producerId: 2 ** 53 - 1,
    producerEpoch: 32767,
    baseSequence: 2 ** 31 - 2,
    isTransactional: true,
    timestampType: 'LogAppendTime',
    maxTimestamp: 1234567890123,
  });
  expect(bytes.readBigInt64BE(0)).toBe(2n ** 52n + 1n);
  expect(batch.baseOffset(bytes, 0)).toBe(2 ** 52 + 1);
  expect(batch.lastOffset(bytes, 0)).toBe(2 ** 52 + 3);
  expect(batch.nextOffset(bytes, 0)).toBe(2 ** 52 + 4);
  expect(batch.sizeInBytes(bytes, 0)).toBe(bytes.length);
  expect(batch.leaderEpoch(bytes, 0)).toBe(2 ** 31 - 1);
  expect(batch.magic(bytes, 0)).toBe(2);
  expect(batch.crc(bytes, 0)).toBe(bytes.readUInt32BE(17));
  expect(batch.lastOffsetDelta(bytes, 0)).toBe(2);
  expect(batch.maxTimestamp(bytes, 0)).toBe(1234567890123);
  expect(batch.producerId(bytes, 0)).toBe(2 ** 53 - 1);
  expect(batch.producerEpoch(bytes, 0)).toBe(32767);
  expect(batch.baseSequence(bytes, 0)).toBe(2 ** 31 - 2);
  expect(batch.lastSequence(bytes, 0)).toBe(0); // goes round from 2^31-1
  expect(batch.recordCount(bytes, 0)).toBe(3);
  const word = batch.attributes(bytes, 0);
  expect([batch.hasLogAppendTime(word), batch.isTransactional(word), batch.isControl(word)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(batch.hasDeleteHorizon(word)).toBe(false);
  expect(batch.compressionOf(word)).toBe(0);
});

it('without a producer the ids are -1', () => {
  const bytes = encodeBatch({ records: drafts(1, 1) });
  expect([batch.producerId(bytes, 0), batch.producerEpoch(bytes, 0), batch.baseSequence(bytes, 0)]).toEqual([
    -1, -1, -1,
  ]);
  expect([batch.leaderEpoch(bytes, 0), batch.lastSequence(bytes, 0)]).toEqual([-1, -1]);
});

it('64-bit fields beyond 2^53 saturate', () => {
  const bytes = Buffer.alloc(8);
  const limit = Number.MAX_SAFE_INTEGER;
  for (const [value, expected] of [
    [2n ** 53n - 1n, limit],
    [2n ** 53n, limit],
    [2n ** 63n - 1n, limit],
    [-(2n ** 53n) + 1n, -limit],
    [-(2n ** 53n), -limit],
    [-(2n ** 63n), -limit],
    [-1n, -1],
    [0n, 0],
    [2n ** 32n, 2 ** 32],
    [-(2n ** 32n) - 1n, -(2 ** 32) - 1],
  ] as const) {
    bytes.writeBigInt64BE(value);
    expect(batch.readInt53(bytes, 0)).toBe(expected);
  }
});

it('base offset and leader epoch are set without touching the CRC', () => {
  const bytes = Buffer.concat([Buffer.alloc(3), encodeBatch({ records: drafts(2, 2) })]);
  batch.setBaseOffset(bytes, 3, 2 ** 40 + 7);
  batch.setLeaderEpoch(bytes, 3, 99);
  expect(bytes.readBigInt64BE(3)).toBe(2n ** 40n + 7n);
  expect(batch.leaderEpoch(bytes, 3)).toBe(99);
  expect(batch.isCrcValid(bytes, 3)).toBe(true);
});

it('batches of a range are found up to the partial one at its end', () => {
  const all = [1, 2, 3].map((seed) => encodeBatch({ records: drafts(seed, seed) }));
  const bytes = Buffer.concat(all);
  const starts = [0, all[0].length, all[0].length + all[1].length];
  expect([...batches(bytes)]).toEqual(starts);
  expect([...batches(bytes, starts[1])]).toEqual(starts.slice(1));
  expect([...batches(bytes, 0, bytes.length - 1)]).toEqual(starts.slice(0, 2));
  expect([...batches(bytes, starts[2], starts[2] + 16)]).toEqual([]);
});

it('a length that is negative, too small or beyond the end is no batch', () => {
  const bytes = encodeBatch({ records: drafts(2, 2) });
  for (const length of [-1, 0, 48, bytes.length - 11, 2 ** 31 - 1, -(2 ** 31)]) {
    bytes.writeInt32BE(length, 8);
    expect(batch.batchEnd(bytes, 0, bytes.length)).toBe(-1);
    expect(() => decodeBatch(bytes)).toThrow(CorruptRecords);
  }
});

it('a record count that does not fit is corrupt', () => {
  const bytes = encodeBatch({ records: drafts(2, 5) });
  for (const count of [4, 6, 0, 2 ** 31 - 1]) {
    bytes.writeInt32BE(count, batch.BatchField.recordCount);
    expect(() => decodeBatch(bytes)).toThrow(CorruptRecords);
  }
});

it('an unknown codec is corrupt', () => {
  const bytes = encodeBatch({ records: drafts(2, 5) });
  bytes[batch.BatchField.attributes + 1] |= 5;
  expect(() => decodeBatch(bytes)).toThrow(CorruptRecords);
});

it('gaps, the last offset and the delete horizon of a compacted batch are kept', () => {
  const [a, b] = drafts(4, 2);
  const bytes = encodeBatch({
    records: [
      { ...a, offsetDelta: 3 },
      { ...b, offsetDelta: 200 },
    ],
    baseOffset: 1000,
    lastOffsetDelta: 300,
    deleteHorizonMs: 1_700_000_000_000,
  });
  const decoded = decodeBatch(bytes);
  expect(decoded.records.map(({ offset }) => offset)).toEqual([1003, 1200]);
  expect(decoded.records.map(({ timestamp }) => timestamp)).toEqual([a.timestamp, b.timestamp]);
  expect(decoded).toMatchObject({ lastOffset: 1300, deleteHorizonMs: 1_700_000_000_000 });
});

it('a batch emptied by compaction can be written, with any compression', () => {
  const bytes = encodeBatch({ records: [], baseOffset: 7, lastOffsetDelta: 4, compression: 'lz4', baseSequence: 2 });
  expect(bytes.length).toBe(batch.BATCH_OVERHEAD);
  expect(decodeBatch(bytes)).toMatchObject({ lastOffset: 11, records: [], compression: 'none', maxTimestamp: -1 });
});

it('control records are known by their key', () => {
  const names = [0, 1, 2, 3, 4, 5, 6, 7, 256].map((type) => controlRecordName(Buffer.from([0, 0, type >> 8, type])));
  expect(names.slice(0, 3)).toEqual(['ABORT', 'COMMIT', 'LEADER_CHANGE']);
  expect(names.slice(3)).toEqual(['SNAPSHOT_HEADER', 'SNAPSHOT_FOOTER', 'KRAFT_VERSION', 'KRAFT_VOTERS', null, null]);
  expect(controlRecordName(null)).toBeNull();
  expect(controlRecordName(Buffer.alloc(3))).toBeNull();
});
