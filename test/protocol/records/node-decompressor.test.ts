import { describe, expect, it } from 'vitest';
import * as zlib from 'node:zlib';
import { decompress, DecompressedTooLarge } from '../../../protocol/records/compression.ts';
import { gunzip, unpackZstd } from '../../../protocol/records/node-decompressor.ts';
import { randomBytes, seeded, wordyBytes } from './seeded.ts';

const MIB = 1024 * 1024;
const words = wordyBytes(1, 300_000);

/** As Java's producers write: the frame does not say how large its content is. */
function streamed(bytes: Buffer, params: Record<number, number> = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = zlib.createZstdCompress({ params });
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.once('end', () => resolve(Buffer.concat(pieces)));
    stream.once('error', reject);
    for (let at = 0; at < bytes.length; at += 10_000) stream.write(bytes.subarray(at, at + 10_000));
    stream.end();
  });
}

describe("the decompressor that all batches share, of Node's zstd", () => {
  it('reads frames with and without the size of their content, check sums, and several in a row', async () => {
    const { ZSTD_c_checksumFlag: checksum } = zlib.constants;
    const whole = zlib.zstdCompressSync(words, { params: { [checksum]: 1 } });
    for (const frames of [whole, await streamed(words), await streamed(words, { [checksum]: 1 })]) {
      expect(unpackZstd(frames, MIB, null)?.equals(words)).toBe(true);
    }
    const two = Buffer.concat([whole, zlib.zstdCompressSync(Buffer.from('and more'))]);
    expect(unpackZstd(two, MIB, null)?.equals(Buffer.concat([words, Buffer.from('and more')]))).toBe(true);
  });

  it('answers within the room it is given, where it fits', () => {
    const room = Buffer.alloc(MIB);
    expect(unpackZstd(zlib.zstdCompressSync(words), MIB, room)?.buffer).toBe(room.buffer);
  });

  it('leaves to others what is cut short, is no frame, or wants a large window', async () => {
    const compressed = zlib.zstdCompressSync(wordyBytes(8, 3000));
    for (let size = 0; size < compressed.length; size++) {
      expect(unpackZstd(compressed.subarray(0, size), MIB, null)).toBeNull();
    }
    expect(unpackZstd(Buffer.concat([compressed, Buffer.from('x')]), MIB, null)).toBeNull();
    const { ZSTD_c_windowLog: window } = zlib.constants;
    const wide = await streamed(words, { [window]: 24 });
    expect(unpackZstd(wide, MIB, null)).toBeNull();
    expect(decompress('zstd', wide, MIB).equals(words)).toBe(true);
  });

  it('says of damaged bytes what zstdDecompressSync says, and reads sound ones after them', async () => {
    const random = seeded(7);
    const bytes = Buffer.concat([wordyBytes(9, 20_000), randomBytes(9, 500)]);
    const sound = await streamed(bytes);
    let bad = 0;
    for (let round = 0; round < 100; round++) {
      const damaged = Buffer.from(sound);
      for (let flips = 0; flips < 3; flips++) damaged[Math.floor(random() * damaged.length)] ^= 1 << (round % 8);
      const expected = outcome(() => zlib.zstdDecompressSync(damaged, { maxOutputLength: MIB }));
      const seen = outcome(() => decompress('zstd', damaged, MIB));
      expect(seen).toEqual(expected);
      if (expected === 'bad') bad++;
      expect(unpackZstd(sound, MIB, null)?.equals(bytes)).toBe(true);
    }
    expect(bad).toBeGreaterThan(15);
  });
});

describe("the decompressor that all batches share, of Node's gzip", () => {
  it('reads one member and several, and passes over zeros behind them', () => {
    const whole = zlib.gzipSync(words);
    expect(gunzip(whole, MIB, null)?.equals(words)).toBe(true);
    const two = Buffer.concat([whole, zlib.gzipSync(Buffer.from('and more'))]);
    expect(gunzip(two, MIB, null)?.equals(Buffer.concat([words, Buffer.from('and more')]))).toBe(true);
    expect(gunzip(Buffer.concat([whole, Buffer.alloc(9)]), MIB, null)?.equals(words)).toBe(true);
    expect(gunzip(whole, MIB, null)?.equals(words)).toBe(true);
  });

  it('says of damaged bytes and of such that are cut short what gunzipSync says, and reads sound ones after them', () => {
    const random = seeded(8);
    const bytes = Buffer.concat([wordyBytes(9, 20_000), randomBytes(9, 500)]);
    const sound = zlib.gzipSync(bytes);
    let bad = 0;
    for (let round = 0; round < 100; round++) {
      const damaged = Buffer.from(sound.subarray(0, round % 3 === 0 ? Math.floor(random() * sound.length) : undefined));
      for (let flips = 0; flips < round % 3; flips++)
        damaged[Math.floor(random() * damaged.length)] ^= 1 << (round % 8);
      const expected = outcome(() => zlib.gunzipSync(damaged, { maxOutputLength: MIB }));
      expect(outcome(() => decompress('gzip', damaged, MIB))).toEqual(expected);
      if (expected === 'bad') bad++;
      expect(gunzip(sound, MIB, null)?.equals(bytes)).toBe(true);
    }
    expect(bad).toBeGreaterThan(30);
  });
});

it.each([
  ['zstd', unpackZstd, zlib.zstdCompressSync(words)],
  ['gzip', gunzip, zlib.gzipSync(words)],
] as const)(
  '%s takes exactly what is allowed, refuses a byte more, and reads the next batch after that',
  (_codec, unpack, compressed) => {
    expect(unpack(compressed, words.length, null)?.equals(words)).toBe(true);
    for (const bound of [0, 1, 65_536, words.length - 1]) {
      expect(() => unpack(compressed, bound, null)).toThrow(DecompressedTooLarge);
      expect(unpack(compressed, MIB, null)?.equals(words)).toBe(true);
    }
  },
);

function outcome(read: () => Buffer): Buffer | 'bad' {
  try {
    return read();
  } catch {
    return 'bad';
  }
}
