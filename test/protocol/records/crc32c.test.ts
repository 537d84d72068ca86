import { afterEach, describe, expect, it } from 'vitest';
import { assemble, FAR_TERMS, moduleText, NEAR_TERMS } from '../../../protocol/records/crc32c-assembly.ts';
import { CRC32C_FREE_FROM, CRC32C_MODULE } from '../../../protocol/records/crc32c-module.ts';
import { crcByTables } from '../../../protocol/records/crc32c-tables.ts';
import { crc32c, startCrc32c, wasmMemory } from '../../../protocol/records/crc32c.ts';
import { randomBytes } from './seeded.ts';

/** The definition, a bit at a time. */
function bitwise(register: number, bytes: Uint8Array): number {
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? 0x82f63b78 : 0);
  }
  return register;
}

const sizes = [
  0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 127, 128, 129, 170, 255, 600, 767, 768, 769, 783, 784, 831, 832, 833,
  1024, 1100, 5000, 16383, 16384, 16385, 16656, 16657, 16720, 21663, 21664, 21665, 33000, 38048, 65535, 65536, 65537,
  70001, 131072, 200003,
];

afterEach(() => {
  startCrc32c();
});

describe.each([
  ['WebAssembly', true],
  ['tables', false],
])('CRC-32C by %s', (_name, withWasm) => {
  it('gives the published check values', () => {
    startCrc32c(withWasm);
    const vectors: [Buffer, number][] = [
      [Buffer.from('123456789'), 0xe3069283],
      [Buffer.alloc(32), 0x8a9136aa],
      [Buffer.alloc(32, 0xff), 0x62a8ab43],
    ];
    for (const [bytes, expected] of vectors) {
      expect(crc32c(bytes, 0, bytes.length)).toBe(expected);
      const inside = wasmMemory.allocate(bytes.length);
      bytes.copy(inside);
      expect(crc32c(inside, 0, bytes.length)).toBe(expected);
    }
  });

  it('agrees with the definition at every size and alignment, inside and outside its memory', () => {
    startCrc32c(withWasm);
    const outside = randomBytes(7, 200_100);
    const inside = wasmMemory.allocate(outside.length);
    outside.copy(inside);
    const wrong: string[] = [];
    for (const size of sizes) {
      for (const at of [0, 1, 5, 16]) {
        const expected = ~bitwise(-1, outside.subarray(at, at + size)) >>> 0;
        if (crc32c(outside, at, size) !== expected) wrong.push(`outside ${at} ${size}`);
        if (crc32c(inside, at, size) !== expected) wrong.push(`inside ${at} ${size}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

it('notices every flipped bit that a single test tries, in every stretch of a long message', () => {
  const bytes = wasmMemory.allocate(60_000);
  randomBytes(9, bytes.length).copy(bytes);
  const right = crc32c(bytes, 0, bytes.length);
  for (let at = 0; at < bytes.length; at += 997) {
    bytes[at] ^= 1 << (at % 8);
    expect(crc32c(bytes, 0, bytes.length)).not.toBe(right);
    bytes[at] ^= 1 << (at % 8);
  }
  expect(crc32c(bytes, 0, bytes.length)).toBe(right);
});

it('a CRC of bytes outside the buffer is refused', () => {
  const bytes = wasmMemory.allocate(100);
  expect(() => crc32c(bytes, 50, 51)).toThrow(RangeError);
  expect(() => crc32c(bytes, -1, 5)).toThrow(RangeError);
  expect(() => crc32c(bytes, 0, -1)).toThrow(RangeError);
});

it('the memory is one buffer that is never replaced, and says when it is full', () => {
  const { buffer } = wasmMemory;
  const first = wasmMemory.allocate(1000);
  const second = wasmMemory.allocate(1000);
  expect(first.buffer).toBe(buffer);
  expect(second.byteOffset).toBeGreaterThanOrEqual(first.byteOffset + 1000);
  expect(() => wasmMemory.allocate(wasmMemory.available + 1)).toThrow(RangeError);
  expect(wasmMemory.buffer).toBe(buffer);
});

it.each([[NEAR_TERMS], [FAR_TERMS]])('1 and the terms %j are a multiple of the polynomial', (terms) => {
  const multiple = new Uint8Array(terms[terms.length - 1] + 1);
  for (const distance of [0, ...terms]) multiple[distance] = 1;
  expect(bitwise(0, multiple)).toBe(0);
  multiple[0] = 0;
  expect(bitwise(0, multiple)).not.toBe(0);
});

it('the module checked in is what its source assembles to', () => {
  expect(CRC32C_MODULE).toBe(Buffer.from(assemble()).toString('base64'));
  expect(moduleText()).toContain(`CRC32C_FREE_FROM = ${CRC32C_FREE_FROM};`);
});

it('tables go on from a register', () => {
  const bytes = randomBytes(3, 1000);
  expect(crcByTables(crcByTables(-1, bytes, 0, 333), bytes, 333, 667)).toBe(bitwise(-1, bytes));
});
