import { describe, expect, it } from 'vitest';
import { BATCH_OVERHEAD } from '../../../protocol/records/batch.ts';
import { encodeBatch, type RecordDraft } from '../../../protocol/records/encode.ts';
import {
  readVarint,
  readVarlong,
  sizeOfVarint,
  sizeOfVarlong,
  writeVarint,
  writeVarlong,
} from '../../../protocol/records/record.ts';
import { Malformed, walkRecords } from '../../../protocol/records/walk.ts';
import { seeded } from './seeded.ts';

function section(records: RecordDraft[]): Buffer {
  return encodeBatch({ records }).subarray(BATCH_OVERHEAD);
}

function walk(bytes: Buffer, count: number): { failedIndex: number; reason: string } {
  const { failedIndex, reason } = walkRecords(bytes, 0, bytes.length, count);
  return { failedIndex, reason };
}

/** Three plain records of nine bytes: length 8, attributes, timestamp, offset, key k, value v, no headers. */
function three(): Buffer {
  return section([0, 1, 2].map(() => ({ key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 5 })));
}

const RECORD = 9;

it('records of every length of key, value, delta and header pass, and are shown to the visitor where they lie', () => {
  const lengths = [0, 1, 63, 64, 65, 127, 128, 8191, 8192, 70_000];
  const records = lengths.flatMap((size, i) => [
    { key: null, value: Buffer.alloc(size, 1), timestamp: 1e12 + 2 ** (i * 4) },
    { key: Buffer.alloc(size, 2), value: null, timestamp: 1e12 - 2 ** (i * 4) },
    {
      key: Buffer.alloc(size, 3),
      value: Buffer.alloc(size, 4),
      timestamp: 1e12,
      headers: [
        { key: 'h'.repeat(size), value: Buffer.alloc(size) },
        { key: '', value: null },
      ],
    },
  ]);
  const bytes = section(records);
  const seen: { key: Buffer | null; value: Buffer | null; timestamp: number }[] = [];
  const slice = (at: number, length: number): Buffer | null => (length < 0 ? null : bytes.subarray(at, at + length));
  const result = walkRecords(
    bytes,
    0,
    bytes.length,
    records.length,
    (index, delta, keyAt, keyLength, valueAt, length) => {
      expect(index).toBe(seen.length);
      seen.push({
        key: slice(keyAt, keyLength),
        value: slice(valueAt, length),
        timestamp: records[0].timestamp + delta,
      });
    },
  );
  expect(result).toMatchObject({ reason: '', failedIndex: -1, nullKeys: lengths.length, firstNullKey: 0 });
  expect(seen).toEqual(records.map(({ key, value, timestamp }) => ({ key, value, timestamp })));
});

it('the timestamps found are the least and the first of the latest, wherever they stand', () => {
  const of = (deltas: number[]): unknown => {
    const bytes = section(deltas.map((delta) => ({ key: null, value: null, timestamp: 1e12 + delta })));
    const { minTimestampDelta, maxTimestampDelta, maxTimestampIndex } = walkRecords(
      bytes,
      0,
      bytes.length,
      deltas.length,
    );
    return [minTimestampDelta, maxTimestampDelta, maxTimestampIndex];
  };
  expect(of([0])).toEqual([0, 0, 0]);
  expect(of([0, 7, 3, 7])).toEqual([0, 7, 1]);
  expect(of([0, -5, -9])).toEqual([-9, 0, 0]);
  expect(of([0, -5, 2 ** 35, 2 ** 34])).toEqual([-5, 2 ** 35, 2]);
  expect(of([])).toEqual([0, 0, -1]);
});

it('more than 8192 records are counted on', () => {
  const count = 20_000;
  const bytes = section(Array.from({ length: count }, () => ({ key: null, value: null, timestamp: 0 })));
  expect(walk(bytes, count)).toEqual({ failedIndex: -1, reason: '' });
});

it('an error does not last into the next walk', () => {
  expect(walk(three(), 4).failedIndex).toBe(3);
  expect(walk(three(), 3)).toEqual({ failedIndex: -1, reason: '' });
});

describe('the first wrong record is named, with the reason', () => {
  const second = RECORD; // where it begins
  const cases: [string, string, number, (bytes: Buffer) => Buffer | void, number?][] = [
    ['fewer records than declared', Malformed.missing, 3, () => {}, 4],
    ['more records than declared', Malformed.trailing, 2, () => {}, 2],
    ['a byte too many at the end', Malformed.trailing, 3, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['the last record cut short', Malformed.length, 2, (bytes) => bytes.subarray(0, -1)],
    ['a length beyond the batch', Malformed.length, 1, (bytes) => void (bytes[second] = 0x7e)],
    ['a negative length', Malformed.length, 1, (bytes) => void (bytes[second] = 1)],
    ['a length one short', Malformed.varint, 1, (bytes) => void (bytes[second] = 14)],
    ['a length one over', Malformed.size, 1, (bytes) => void (bytes[second] = 18)],
    ['a length of zero', Malformed.varint, 1, (bytes) => void (bytes[second] = 0)],
    ['a length that does not end', Malformed.varint, 1, (bytes) => void bytes.fill(0xff, second)],
    ['an offset delta repeated', Malformed.offsetDelta, 1, (bytes) => void (bytes[second + 3] = 0)],
    ['an offset delta skipped', Malformed.offsetDelta, 2, (bytes) => void (bytes[2 * RECORD + 3] = 6)],
    ['a key beyond the record', Malformed.field, 1, (bytes) => void (bytes[second + 4] = 20)],
    ['a value beyond the record', Malformed.field, 1, (bytes) => void (bytes[second + 6] = 20)],
    ['a negative number of headers', Malformed.headers, 1, (bytes) => void (bytes[second + 8] = 1)],
    ['headers that are not there', Malformed.headers, 1, (bytes) => void (bytes[second + 8] = 2)],
  ];
  it.each(cases)('%s', (_name, reason, failedIndex, damage, count = 3) => {
    const bytes = three();
    const damaged = damage(bytes) ?? bytes;
    expect(walk(damaged, count)).toEqual({ failedIndex, reason });
  });

  it('a header without a key, or longer than its record', () => {
    const bytes = section([{ key: null, value: null, timestamp: 0, headers: [{ key: 'h', value: Buffer.from('v') }] }]);
    const keyAt = bytes.length - 4;
    bytes[keyAt] = 1;
    expect(walk(bytes, 1)).toEqual({ failedIndex: 0, reason: Malformed.headerKey });
    bytes[keyAt] = 8;
    expect(walk(bytes, 1)).toEqual({ failedIndex: 0, reason: Malformed.field });
    bytes[keyAt] = 2;
    bytes[keyAt + 2] = 4;
    expect(walk(bytes, 1)).toEqual({ failedIndex: 0, reason: Malformed.field });
  });
});

it('random bytes never pass the end, whatever they say', () => {
  const random = seeded(21);
  const around = Buffer.alloc(300, 2);
  for (let i = 0; i < 20_000; i++) {
    const end = 100 + Math.floor(random() * 60);
    for (let at = 100; at < end; at++) around[at] = random() < 0.6 ? random() * 12 : random() * 256;
    walkRecords(around, 100, end, 3, (_index, _delta, keyAt, keyLength, valueAt, valueLength) => {
      expect(keyAt + Math.max(keyLength, 0)).toBeLessThanOrEqual(end);
      expect(valueAt + Math.max(valueLength, 0)).toBeLessThanOrEqual(end);
    });
  }
});

it('varints and varlongs come back, in the bytes announced', () => {
  const bytes = Buffer.alloc(12);
  const cursor = { next: 0 };
  for (let power = 0; power <= 53; power++) {
    for (const value of [2 ** power - 1, -(2 ** power) + 1, 2 ** power - 2, 2 ** (power - 1)].map(Math.trunc)) {
      const end = writeVarlong(bytes, 0, value);
      expect(end).toBe(sizeOfVarlong(value));
      expect(readVarlong(bytes, 0, end, cursor) + 0).toBe(value + 0);
      expect(cursor.next).toBe(end);
      readVarlong(bytes, 0, end - 1, cursor);
      expect(cursor.next).toBe(-1);
      if (power > 31) continue;
      expect(writeVarint(bytes, 0, value)).toBe(sizeOfVarint(value));
      expect(readVarint(bytes, 0, end, cursor) + 0).toBe(value + 0);
    }
  }
});

it('varlongs beyond 2^53 saturate, and eleven bytes are none', () => {
  const cursor = { next: 0 };
  const most = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]); // 2^63 - 1
  expect(readVarlong(most, 0, 10, cursor)).toBe(Number.MAX_SAFE_INTEGER);
  most[0] = 0xff; // -2^63
  expect(readVarlong(most, 0, 10, cursor)).toBe(-Number.MAX_SAFE_INTEGER);
  expect(cursor.next).toBe(10);
  readVarlong(Buffer.alloc(11, 0x80), 0, 11, cursor);
  expect(cursor.next).toBe(-1);
});
