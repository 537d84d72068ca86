/** Randomness as a parameter: ids in production, a seeded generator in tests. */
import { randomFillSync } from 'node:crypto';

export interface Random {
  /** Fills `into` with random bytes. */
  fill(into: Uint8Array): void;
  /** 0 <= n < 1. */
  float(): number;
}

export const systemRandom: Random = {
  fill: (into) => void randomFillSync(into),
  float: () => Math.random(),
};

/** The same numbers for the same seed (mulberry32). For tests only: guessable. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return {
    float,
    fill(into) {
      for (let i = 0; i < into.length; i++) into[i] = Math.floor(float() * 256);
    },
  };
}

/** A random (version 4) uuid as Kafka prints it: 22 characters of base64url, never starting with '-'. */
export function randomUuid(random: Random): string {
  const bytes = Buffer.alloc(16);
  for (;;) {
    random.fill(bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = bytes.toString('base64url');
    if (!text.startsWith('-')) return text; // Kafka avoids these too: tools would read them as a flag
  }
}
