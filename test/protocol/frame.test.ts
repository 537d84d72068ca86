import { describe, expect, test } from 'vitest';
import { FrameCutter, frame, frameEnd } from '../../protocol/frame.ts';
import { InvalidRequest } from '../../protocol/reader.ts';
import { seededRandom } from '../../src/platform/random.ts';

describe('frameEnd', () => {
  const bytes = Buffer.concat([frame(Buffer.from('abc')), frame(Buffer.alloc(0)), Buffer.from([0, 0])]);

  test('finds the end of a whole frame, and of an empty one', () => {
    expect(frameEnd(bytes, 0, bytes.length, 100)).toBe(7);
    expect(frameEnd(bytes, 7, bytes.length, 100)).toBe(11);
  });

  test('waits for the rest of a size and of a frame', () => {
    expect(frameEnd(bytes, 11, bytes.length, 100)).toBe(-1);
    expect(frameEnd(bytes, 0, 6, 100)).toBe(-1);
  });

  test.each([
    ['negative', 'ffffffff'],
    ['too large', '00000065'],
    ['a TLS hello', '16030100'],
    ['HTTP', '47455420'],
  ])('refuses a size that is %s before the frame is there', (_, hex) => {
    expect(() => frameEnd(Buffer.from(hex, 'hex'), 0, 4, 100)).toThrow(InvalidRequest);
  });
});

describe('FrameCutter', () => {
  const random = seededRandom(3);
  const contents = Array.from({ length: 50 }, (_, i) => Buffer.alloc(Math.floor(random.float() * 300), i));
  const stream = Buffer.concat(contents.map(frame));

  test.each([1, 2, 3, 5, 64, 299, 5000, stream.length])('cuts the same frames from pieces of %i bytes', (size) => {
    const cutter = new FrameCutter(1000);
    const frames: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) {
      // Copies, as sockets reuse nothing; the frames must hold beyond the next piece.
      frames.push(...cutter.push(Buffer.from(stream.subarray(at, at + size))));
    }
    expect(frames).toStrictEqual(contents);
  });

  test('takes no memory for a frame that is announced but does not come', () => {
    const before = process.memoryUsage().arrayBuffers;
    const cutter = new FrameCutter(2 ** 31 - 1);
    expect(cutter.push(Buffer.from('7fffffff00', 'hex'))).toStrictEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  test('refuses a frame above its limit', () => {
    expect(() => new FrameCutter(10).push(frame(Buffer.alloc(11)))).toThrow(/too large/);
  });
});
