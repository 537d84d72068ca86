/** A generator of the same pseudo-random numbers for the same seed, from 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomBytes(seed: number, size: number): Buffer {
  const random = seeded(seed);
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) bytes[i] = random() * 256;
  return bytes;
}

/** Text with repetitions, as records often are. */
export function wordyBytes(seed: number, size: number): Buffer {
  const random = seeded(seed);
  const words: string[] = [];
  for (let length = 0; length < size; length += 6) words.push(`w${Math.floor(random() ** 2 * 4000)}`);
  return Buffer.from(words.join(' ')).subarray(0, size);
}
