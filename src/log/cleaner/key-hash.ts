/**
 * 128 bits that stand for a key while a log is compacted: two HalfSipHash-2-4 under secret numbers of this pass. A plain
 * hash would let whoever chooses keys make two of them meet, and the older record of one would be lost. PURE.
 */

/** Four random 32-bit words, new for every pass. */
export type HashSeed = Int32Array;
export const HASH_WORDS = 4;

/** Writes the hash of `length` bytes from `at` into `out`. */
export function hashKey(bytes: Uint8Array, at: number, length: number, seed: HashSeed, out: Int32Array): void {
  halfSipHash(bytes, at, length, seed[0], seed[1], out, 0);
  halfSipHash(bytes, at, length, seed[2], seed[3], out, 2);
}

/** HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein's reference): two words, the low one first. */
export function halfSipHash(
  bytes: Uint8Array,
  at: number,
  length: number,
  key0: number,
  key1: number,
  out: Int32Array,
  outAt: number,
): void {
  v0 = key0;
  v1 = key1 ^ 0xee;
  v2 = 0x6c796765 ^ key0;
  v3 = 0x74656462 ^ key1;
  const end = at + length;
  const words = end - (length & 3);
  for (; at < words; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    v3 ^= word;
    mix(2);
    v0 ^= word;
  }
  let last = length << 24;
  for (let shift = 0; at < end; at++, shift += 8) last |= bytes[at] << shift;
  v3 ^= last;
  mix(2);
  v0 ^= last;
  v2 ^= 0xee;
  mix(4);
  out[outAt] = v1 ^ v3;
  v1 ^= 0xdd;
  mix(4);
  out[outAt + 1] = v1 ^ v3;
}

let v0 = 0;
let v1 = 0;
let v2 = 0;
let v3 = 0;

function mix(rounds: number): void {
  let a = v0;
  let b = v1;
  let c = v2;
  let d = v3;
  for (let i = 0; i < rounds; i++) {
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
  }
  v0 = a;
  v1 = b;
  v2 = c;
  v3 = d;
}
