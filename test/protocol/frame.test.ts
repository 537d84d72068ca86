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

describe('a FrameCutter that is read into', () => {
  const random = seededRandom(5);
  const sizes = [10, 40_000, 3, 1_500_000, 20_000, 0, 900_000, 1_500_001, 17];
  const noise = Buffer.from(Uint8Array.from({ length: 1 << 12 }, () => random.float() * 256));
  const contents = sizes.map((size) => Buffer.alloc(size, noise));
  const stream = Buffer.concat(contents.map(frame));

  /** As a transport does: into the cutter's room where there is some, else into memory of its own. */
  function* cut(cutter: FrameCutter, pieceBytes: number): Generator<Buffer> {
    for (let at = 0; at < stream.length;) {
      const into = cutter.room() ?? Buffer.alloc(pieceBytes);
      const count = stream.copy(into, 0, at, Math.min(stream.length, at + Math.min(into.length, pieceBytes)));
      at += count;
      yield* cutter.push(into.subarray(0, count));
    }
  }

  test.each([100, 65_536, 200_000])('cuts the same frames, read by %i bytes at most', (pieceBytes) => {
    expect([...cut(new FrameCutter(1 << 30), pieceBytes)]).toStrictEqual(contents);
  });

  test('takes memory once for frames that are looked at one after the other', () => {
    const cutter = new FrameCutter(1 << 30);
    const seen: Buffer[] = [];
    const buffers = new Set<ArrayBufferLike>();
    for (const one of cut(cutter, 65_536)) {
      seen.push(Buffer.from(one));
      if (one.length > 500_000) buffers.add(one.buffer);
      cutter.reuse();
    }
    expect(seen).toStrictEqual(contents);
    expect(buffers.size).toBe(2); // the first, and one for a frame larger than all before
  });

  test('keeps no memory of a large frame when only small ones come', () => {
    const cutter = new FrameCutter(1 << 30);
    const large = frame(Buffer.alloc(300_000));
    const read = (): ArrayBufferLike => {
      cutter.push(large.subarray(0, 1000));
      const [whole] = cutter.push(large.subarray(1000));
      cutter.reuse();
      return whole.buffer;
    };
    const memory = read();
    expect(read()).toBe(memory);
    for (let i = 0; i < 16; i++) cutter.push(frame(Buffer.from('small')));
    const other = read();
    expect(other).not.toBe(memory);
    cutter.push(frame(Buffer.from('small'))); // one does not make it idle again
    expect(read()).toBe(other);
  });

  test('leaves frames as they are until it may use their memory again', () => {
    const frames: Buffer[] = [];
    const cutter = new FrameCutter(1 << 30);
    for (const one of cut(cutter, 65_536)) {
      frames.push(one);
      if (frames.length === 4) cutter.reuse();
    }
    expect(frames.slice(4)).toStrictEqual(contents.slice(4));
  });
});
