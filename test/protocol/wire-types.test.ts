import { describe, expect, test } from 'vitest';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';

function bytesOf(write: (writer: Writer) => void): Buffer {
  const writer = new Writer(1);
  write(writer);
  return writer.finish();
}

const MAX = Number.MAX_SAFE_INTEGER;

describe('int53', () => {
  test.each([0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, 2 ** 52, MAX - 1, -MAX])(
    '%d',
    (value) => {
      const bytes = bytesOf((writer) => writer.int53(value));
      expect(bytes.readBigInt64BE()).toBe(BigInt(value));
      expect(new Reader(bytes).int53()).toBe(value);
    },
  );

  test('its bound is written as the largest 64 bits, for which it is read', () => {
    const bytes = bytesOf((writer) => writer.int53(MAX));
    expect(bytes.readBigInt64BE()).toBe(2n ** 63n - 1n);
    expect(new Reader(bytes).int53()).toBe(MAX);
  });

  test.each([
    [2n ** 63n - 1n, MAX],
    [2n ** 53n, MAX],
    [-(2n ** 63n), -MAX],
    [-(2n ** 53n), -MAX],
    [-(2n ** 53n) - 1n, -MAX],
  ])('%d is beyond it and becomes the bound', (value, bound) => {
    const bytes = bytesOf((writer) => writer.int64(value));
    expect(new Reader(bytes).int53()).toBe(bound);
    expect(new Reader(bytes).int64()).toBe(value);
  });
});

describe('varints', () => {
  test.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 32 - 1, 'ffffffff0f'],
  ])('unsigned %d', (value, hex) => {
    const bytes = bytesOf((writer) => writer.unsignedVarint(value));
    expect(bytes.toString('hex')).toBe(hex);
    expect(new Reader(bytes).unsignedVarint()).toBe(value);
  });

  test.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
  ])('%d', (value, hex) => {
    const bytes = bytesOf((writer) => writer.varint(value));
    expect(bytes.toString('hex')).toBe(hex);
    expect(new Reader(bytes).varint()).toBe(value);
  });

  test.each([0, -1, 63, -64, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 34, -(2 ** 35), 2 ** 45 + 5, MAX, -MAX])(
    'long %d',
    (value) => {
      const bytes = bytesOf((writer) => writer.varlong(value));
      let zigzag = value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n;
      const expected: number[] = [];
      for (; zigzag > 127n; zigzag >>= 7n) expected.push(Number(zigzag & 127n) | 128);
      expect([...bytes]).toStrictEqual([...expected, Number(zigzag)]);
      expect(new Reader(bytes).varlong()).toBe(value);
    },
  );

  test('the largest and least 64-bit varlongs become the bounds of int53', () => {
    expect(new Reader(Buffer.from('feffffffffffffffff01', 'hex')).varlong()).toBe(MAX);
    expect(new Reader(Buffer.from('ffffffffffffffffff01', 'hex')).varlong()).toBe(-MAX);
  });

  test('that never end are refused', () => {
    expect(() => new Reader(Buffer.alloc(20, 0xff)).unsignedVarint()).toThrow(InvalidRequest);
    expect(() => new Reader(Buffer.alloc(20, 0xff)).varlong()).toThrow(InvalidRequest);
  });
});

describe('strings', () => {
  test.each([
    '',
    'a',
    'ä',
    '€'.repeat(32),
    '𝕏y',
    'x'.repeat(64),
    'x'.repeat(65),
    `${'x'.repeat(63)}€`,
    'z'.repeat(32_767),
  ])('come back as they were (%#)', (value) => {
    const old = bytesOf((writer) => writer.string(value));
    expect(old.readInt16BE()).toBe(Buffer.byteLength(value));
    expect(new Reader(old).string()).toBe(value);
    const compact = new Reader(bytesOf((writer) => writer.compactString(value)));
    expect(compact.compactString()).toBe(value);
    expect(compact.remaining()).toBe(0);
  });

  test('longer than 32767 bytes are not written, nor read', () => {
    for (const long of ['x'.repeat(32_768), '€'.repeat(11_000)]) {
      expect(() => bytesOf((writer) => writer.string(long))).toThrow(RangeError);
      expect(() => bytesOf((writer) => writer.compactString(long))).toThrow(RangeError);
    }
    const bytes = bytesOf((writer) => {
      writer.unsignedVarint(32_769);
      writer.bytes(Buffer.alloc(32_768));
    });
    expect(() => new Reader(bytes).compactString()).toThrow(/32768 bytes/);
  });

  test('null is refused where it may not be', () => {
    expect(() => new Reader(Buffer.from('ffff', 'hex')).string()).toThrow(InvalidRequest);
    expect(() => new Reader(Buffer.from('00', 'hex')).compactString()).toThrow(InvalidRequest);
    expect(new Reader(Buffer.from('ffff', 'hex')).nullableString()).toBeNull();
    expect(new Reader(Buffer.from('00', 'hex')).compactNullableString()).toBeNull();
  });
});

describe('bytes and uuids', () => {
  test('bytes are a copy, records a view', () => {
    const frame = bytesOf((writer) => {
      writer.sizedBytes(Buffer.from('one'));
      writer.sizedBytes(Buffer.from('two'));
    });
    const reader = new Reader(frame);
    const copy = reader.bytes();
    const view = reader.records();
    frame.fill(0);
    expect(copy.toString()).toBe('one');
    expect(view).toStrictEqual(Buffer.alloc(3));
    expect(copy.buffer.byteLength).toBe(3);
  });

  test("a reader stops at its end, not at its buffer's", () => {
    const reader = new Reader(Buffer.alloc(100), 10, 12);
    expect(reader.int16()).toBe(0);
    expect(() => reader.int8()).toThrow(InvalidRequest);
  });

  test("uuids are Kafka's 22 characters", () => {
    const bytes = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');
    const text = new Reader(bytes).uuid();
    expect(text).toBe('AQIDBAUGBwgJCgsMDQ4PEA');
    expect(bytesOf((writer) => writer.uuid(text))).toStrictEqual(bytes);
    for (const wrong of ['', 'AQIDBAUGBwgJCgsMDQ4PE', '????????????????????AA']) {
      expect(() => bytesOf((writer) => writer.uuid(wrong))).toThrow(TypeError);
    }
  });

  test('a tagged field keeps its content when its size takes several bytes', () => {
    for (const size of [0, 127, 128, 16_383, 16_384, 2_097_152]) {
      const bytes = bytesOf((writer) => {
        const start = writer.openTagged(3);
        writer.bytes(Buffer.alloc(size, 7));
        writer.closeTagged(start);
        writer.int8(9);
      });
      const reader = new Reader(bytes);
      expect([reader.unsignedVarint(), reader.size()]).toStrictEqual([3, size]);
      expect(reader.view(size).equals(Buffer.alloc(size, 7))).toBe(true);
      expect([reader.int8(), reader.remaining()]).toStrictEqual([9, 0]);
    }
  });
});
