import { describe, expect, it } from 'vitest';
import { mutants } from './mutants.ts';
import { sweep } from './sweep.ts';
import { live, type Story } from './workload.ts';

/** CRASH_SEED=n tells one story again; npm run test:crash tells many, and stops them everywhere. */
const SEEDS = process.env.CRASH_SEED === undefined ? [1, 2] : [Number(process.env.CRASH_SEED)];

describe('a broker that is stopped in the midst of its work', () => {
  it.each(SEEDS)('keeps what it acknowledged and serves nothing else, seed %i', async (seed) => {
    const story = await live(seed, 40);
    expect(story.disk.journal.length).toBeGreaterThan(300);
    expect(story.attempts.filter(({ ackedAt }) => ackedAt < Infinity).length).toBeGreaterThan(10);
    const { crashes, failures } = await sweep(story, { every: 4, tornLengths: 1, flips: 1 });
    expect(failures).toEqual([]);
    expect(crashes).toBeGreaterThan(300);
  });
});

describe('the checker notices a broker that', () => {
  it.each(mutants)('$name', async ({ apply, seed: first = 2 }) => {
    const undo = apply();
    try {
      for (const seed of new Set([first, 2, 1, 3, 4, 5, 6])) if (await isNoticed(seed)) return;
    } finally {
      undo();
    }
    expect.fail('nothing was noticed');
  });
});

async function isNoticed(seed: number): Promise<boolean> {
  let story: Story;
  try {
    story = await live(seed, 40);
  } catch {
    return true; // its clients notice without any crash
  }
  const { failures } = await sweep(story, {
    every: 3,
    tornLengths: 2,
    flips: 2,
    onProgress: (progress) => progress.failures === 0,
  });
  return failures.length > 0;
}
