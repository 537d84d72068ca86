import { describe, expect, it } from 'vitest';
import * as zlib from 'node:zlib';
import {
  BadCompression,
  codecs,
  compress,
  decompress,
  DecompressedTooLarge,
} from '../../../protocol/records/compression.ts';
import { decompressLz4 } from '../../../protocol/records/lz4.ts';
import { decompressSnappy } from '../../../protocol/records/snappy.ts';
import { xxhash32 } from '../../../protocol/records/xxhash32.ts';
import { decompressZstd } from '../../../protocol/records/zstd.ts';
import { randomBytes, seeded, wordyBytes } from './seeded.ts';

const MIB = 1024 * 1024;
const packed = codecs.slice(1);

const samples: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('a')],
  ['twelve bytes', Buffer.from('abcabcabcabc')],
  ['noise', randomBytes(1, 200_000)],
  ['words', wordyBytes(2, 300_000)],
  ['zeros', Buffer.alloc(400_000)],
  ['a period of 3', Buffer.alloc(100_001, 'abc')],
  ['noise between words', Buffer.concat([wordyBytes(3, 70_000), randomBytes(4, 70_000), wordyBytes(3, 70_000)])],
  ['a distant repetition', Buffer.concat([randomBytes(5, 65_000), randomBytes(5, 65_000)])],
];

/** 'fine' when it gives no more than the bound, or throws BadCompression; otherwise what it does. */
function outcome(read: () => Buffer, bound: number): string {
  try {
    const { length } = read();
    return length <= bound ? 'fine' : `${length} bytes`;
  } catch (error) {
    return error instanceof BadCompression ? 'fine' : String(error);
  }
}

describe.each(packed)('%s', (codec) => {
  const readers = [(bytes: Buffer, bound: number) => decompress(codec, bytes, bound)];
  if (codec === 'zstd') readers.push(decompressZstd);

  it.each(samples)('gives back %s', (_name, bytes) => {
    const compressed = compress(codec, bytes);
    expect(decompress(codec, compressed, bytes.length).equals(bytes)).toBe(true);
  });

  it('gives back bytes of every small size, and of sizes around its blocks', () => {
    for (const size of [...Array(80).keys(), 32767, 32768, 32769, 65535, 65536, 65537, 131073]) {
      const bytes = size % 2 === 0 ? wordyBytes(size, size) : Buffer.alloc(size, 'xyzzy');
      expect(decompress(codec, compress(codec, bytes), size).equals(bytes)).toBe(true);
    }
  });

  it('compresses words and zeros', () => {
    expect(compress(codec, wordyBytes(2, 300_000)).length).toBeLessThan(200_000);
    expect(compress(codec, Buffer.alloc(400_000)).length).toBeLessThan(400_000 / 15);
  });

  it('is refused when it comes to more than the bound, however little that is', () => {
    for (const bytes of [Buffer.alloc(8 * MIB), wordyBytes(6, 200_000)]) {
      const compressed = compress(codec, bytes);
      for (const bound of [0, 1, 1000, 70_000, bytes.length - 1]) {
        expect(() => decompress(codec, compressed, bound)).toThrow(DecompressedTooLarge);
      }
      expect(decompress(codec, compressed, bytes.length).length).toBe(bytes.length);
    }
  });

  it('throws BadCompression when cut short anywhere', () => {
    const compressed = compress(codec, Buffer.concat([wordyBytes(8, 3000), randomBytes(8, 100)]));
    // The framing of snappy has no end mark: cut after its header it is an empty stream.
    for (let size = 0; size < compressed.length; size++) {
      if (codec === 'snappy' && size === 16) continue;
      expect(() => decompress(codec, compressed.subarray(0, size), MIB)).toThrow(BadCompression);
    }
  });

  it('damaged anywhere stays within the bound and throws nothing but BadCompression', () => {
    const random = seeded(31);
    const right = compress(codec, Buffer.concat([wordyBytes(9, 6000), randomBytes(9, 200), Buffer.alloc(500)]));
    for (let i = 0; i < 2000; i++) {
      const bytes = Buffer.from(right);
      for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) {
        bytes[Math.floor(random() * bytes.length)] = random() * 256;
      }
      for (const read of readers) expect(outcome(() => read(bytes, 10_000), 10_000)).toBe('fine');
    }
  });

  it('nonsense is refused', () => {
    for (let seed = 0; seed < 200; seed++) {
      expect(outcome(() => decompress(codec, randomBytes(seed, 100 + seed), 1000), 1000)).toBe('fine');
    }
  });
});

it('"none" passes bytes through, within the bound', () => {
  const bytes = Buffer.from('abc');
  expect(decompress('none', compress('none', bytes), 3)).toBe(bytes);
  expect(() => decompress('none', bytes, 2)).toThrow(DecompressedTooLarge);
});

describe('snappy', () => {
  it('is read raw, as librdkafka writes it', () => {
    const raw = Buffer.from([11, 10 << 2, ...Buffer.from('hello snapp')]);
    expect(decompressSnappy(raw, 100).toString()).toBe('hello snapp');
    // "ab", then a copy of 10 from 2 back in each of the three forms of copies.
    for (const copy of [
      [1 | (6 << 2), 2],
      [2 | (9 << 2), 2, 0],
      [3 | (9 << 2), 2, 0, 0, 0],
    ]) {
      expect(decompressSnappy(Buffer.from([12, 1 << 2, 97, 98, ...copy]), 100).toString()).toBe('abababababab');
    }
  });

  it('is read when framed streams are joined', () => {
    const twice = Buffer.concat([compress('snappy', Buffer.from('one ')), compress('snappy', Buffer.from('two'))]);
    expect(decompressSnappy(twice, 100).toString()).toBe('one two');
  });

  it('a declared size that cannot be is refused before memory is taken', () => {
    const huge = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 97]);
    expect(() => decompressSnappy(huge, 2 ** 33)).toThrow(BadCompression);
  });

  it('a copy from before its block is refused', () => {
    expect(() => decompressSnappy(Buffer.from([12, 1 << 2, 97, 98, 2 | (9 << 2), 3, 0]), 100)).toThrow(BadCompression);
    expect(() => decompressSnappy(Buffer.from([12, 1 << 2, 97, 98, 2 | (9 << 2), 0, 0]), 100)).toThrow(BadCompression);
  });
});

describe('LZ4 frames of the lz4 tool', () => {
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(4);
  const frames: [string, string][] = [
    [
      'independent blocks',
      'BCJNGGBAgjgAAAD/HlRoZSBxdWljayBicm93biBmb3gganVtcHMgb3ZlciB0aGUgbGF6eSBkb2cuIC0Ab1Bkb2cuIAAAAAA=',
    ],
    [
      'check sums and a size',
      'BCJNGHxAtAAAAAAAAACgOAAAAP8eVGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZy4gLQBvUGRvZy4gHEtJNAAAAABRmfHE',
    ],
    [
      'linked blocks',
      'BCJNGGRApzgAAAD/HlRoZSBxdWljayBicm93biBmb3gganVtcHMgb3ZlciB0aGUgbGF6eSBkb2cuIC0Ab1Bkb2cuIAAAAABRmfHE',
    ],
    [
      'the slowest compression',
      'BCJNGGRApzgAAAD/HlRoZSBxdWljayBicm93biBmb3gganVtcHMgb3ZlciB0aGUgbGF6eSBkb2cuIC0Ab1Bkb2cuIAAAAABRmfHE',
    ],
  ];
  it.each(frames)('with %s are read', (_name, frame) => {
    expect(decompressLz4(Buffer.from(frame, 'base64'), 1000).toString()).toBe(text);
  });

  it.each(frames)('with %s joined and after a skippable one are read', (_name, frame) => {
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
    const bytes = Buffer.from(frame, 'base64');
    expect(decompressLz4(Buffer.concat([skippable, bytes, bytes]), 1000).toString()).toBe(text + text);
  });

  it('whose linked blocks reach into the block before are read', () => {
    expect(decompressLz4(linkedFrame(0x40), 100).toString()).toBe('abcdefghabcdefghtail5');
  });

  it('whose independent blocks reach into the block before are refused', () => {
    expect(() => decompressLz4(linkedFrame(0x60), 100)).toThrow(BadCompression);
  });

  it.each([
    ['header', 4],
    ['content', -1],
  ])('whose %s does not fit its check sum are refused', (_name, at) => {
    const bytes = Buffer.from(frames[1][1], 'base64');
    bytes[at < 0 ? bytes.length + at : at] ^= 0x08;
    expect(() => decompressLz4(bytes, 1000)).toThrow(BadCompression);
  });
});

/** A stored block "abcdefgh", then one that copies it and ends with five literals. */
function linkedFrame(flags: number): Buffer {
  const descriptor = Buffer.from([flags, 0x40]);
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18]),
    descriptor,
    Buffer.from([xxhash32(descriptor, 0, 2) >> 8]),
    Buffer.from([8, 0, 0, 0x80]),
    Buffer.from('abcdefgh'),
    Buffer.from([9, 0, 0, 0, 0x04, 8, 0, 0x50]),
    Buffer.from('tail5'),
    Buffer.alloc(4),
  ]);
}

describe('zstd without the zstd of Node', () => {
  it.each(samples)('gives back %s at every level', (_name, bytes) => {
    const { ZSTD_c_compressionLevel: level, ZSTD_c_checksumFlag: checksum } = zlib.constants;
    for (const params of [
      { [level]: -5 },
      { [level]: 1, [checksum]: 1 },
      { [level]: 3 },
      { [level]: 9 },
      { [level]: 19 },
    ]) {
      const compressed = zlib.zstdCompressSync(bytes, { params });
      expect(decompressZstd(compressed, bytes.length).equals(bytes)).toBe(true);
    }
  });

  it('is refused when it comes to more than the bound', () => {
    const bytes = Buffer.alloc(8 * MIB);
    const compressed = zlib.zstdCompressSync(bytes);
    expect(() => decompressZstd(compressed, bytes.length - 1)).toThrow(DecompressedTooLarge);
    expect(() => decompressZstd(compressed, 100)).toThrow(DecompressedTooLarge);
  });

  it('throws BadCompression when cut short anywhere', () => {
    const compressed = zlib.zstdCompressSync(Buffer.concat([wordyBytes(8, 3000), randomBytes(8, 100)]));
    for (let size = 0; size < compressed.length; size++) {
      expect(() => decompressZstd(compressed.subarray(0, size), MIB)).toThrow(BadCompression);
    }
  });
});

it('xxHash32 gives the published values', () => {
  const of = (text: string, seed?: number): number => xxhash32(Buffer.from(text), 0, Buffer.byteLength(text), seed);
  expect(of('')).toBe(0x02cc5d05);
  expect(of('', 0x9e3779b1)).toBe(0x36b78ae7);
  expect(of('a')).toBe(0x550d7456);
  expect(of('abc')).toBe(0x32d153ff);
  expect(of('Nobody inspects the spammish repetition')).toBe(0xe2293b2f);
});
