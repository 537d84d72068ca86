import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BoundedOutput, unfoldWhole, DecompressedTooLarge } from '../../../protocol/records/bounded-output.ts';
import { unfoldGzip } from '../../../protocol/records/inflate.ts';
import { randomBytes, seeded, wordyBytes } from './seeded.ts';

const MAX = 16 * 1024 * 1024;
function inflate(bytes: Buffer, max = MAX): Buffer {
  const output = new BoundedOutput(256, max);
  return unfoldWhole(unfoldGzip(bytes, output), output);
}

const contents: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['a byte', Buffer.from('a')],
  ['zeros', Buffer.alloc(300_000)],
  ['words', wordyBytes(1, 200_000)],
  ['noise', randomBytes(2, 100_000)],
  ['noise and zeros', Buffer.concat([randomBytes(3, 50_000), Buffer.alloc(50_000)])],
];

describe.each(contents)('gzip of %s', (_name, content) => {
  // Stored, fixed and dynamic blocks: level 0, strategy 4 and the others.
  const packed = [0, 1, 6, 9].flatMap((level) =>
    [0, 2, 3, 4].map((strategy) => gzipSync(content, { level, strategy })),
  );

  test('is read as it was', () => {
    for (const each of packed) expect(inflate(each).equals(content)).toBe(true);
  });

  test('is read when it is joined of two', () => {
    const [first, last] = [packed[0], packed[packed.length - 1]];
    expect(inflate(Buffer.concat([first, last])).equals(Buffer.concat([content, content]))).toBe(true);
  });

  test('is refused when it is cut short', () => {
    for (const each of packed) {
      for (const length of [0, 5, 12, each.length - 9, each.length - 1]) {
        expect(() => inflate(each.subarray(0, Math.max(0, length)))).toThrow(/gzip/);
      }
    }
  });

  test('is refused when bits of it are turned, wherever Node refuses it', () => {
    const random = seeded(4);
    for (const each of packed) {
      for (let turn = 0; turn < 20; turn++) {
        const damaged = Buffer.from(each);
        damaged[Math.floor(random() * damaged.length)] ^= 1 << Math.floor(random() * 8);
        expect(outcome(() => inflate(damaged))).toEqual(outcome(() => gunzipSync(damaged, { maxOutputLength: MAX })));
      }
    }
  });
});

test('is ended where more comes out than is allowed', () => {
  const packed = gzipSync(Buffer.alloc(1000, 'x'));
  expect(inflate(packed, 1000).length).toBe(1000);
  for (const max of [999, 300, 1]) expect(() => inflate(packed, max)).toThrow(DecompressedTooLarge);
});

test('reads headers with everything that may be in them', () => {
  const packed = gzipSync(Buffer.from('records'));
  const header = Buffer.concat([
    packed.subarray(0, 3),
    Buffer.from([0x1e]), // header check, extra field, name, comment
    packed.subarray(4, 10),
    Buffer.from([3, 0, 1, 2, 3]),
    Buffer.from('name\0comment\0'),
    Buffer.from([0, 0]),
  ]);
  expect(inflate(Buffer.concat([header, packed.subarray(10)])).toString()).toBe('records');
});

function outcome(read: () => Buffer): Buffer | 'refused' {
  try {
    return read();
  } catch {
    return 'refused';
  }
}
