/** The scenes with coordinators as they are, and with wrong ones, which each scene must show. */
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { endAtNextLeader, lostDecision, notAdded } from './scenes.ts';

const SEEDS = [1, 2];

test.each(SEEDS)('a decision that dies with its coordinator is none: all is aborted (seed %i)', async (seed) => {
  expect(await lostDecision(seed)).toEqual([]);
});

test.each(SEEDS)('a batch for a partition that is not in its transaction is refused (seed %i)', async (seed) => {
  expect(await notAdded(seed)).toEqual([]);
});

test.each([1, 2, 3])('what was acknowledged is there at the next leader (seed %i)', async (seed) => {
  expect(await endAtNextLeader(seed)).toBe(5);
});

test.each(mutants)('a scene shows that $name', async (mutant) => {
  const undo = mutant.apply();
  try {
    expect([...(await lostDecision(1)), ...(await notAdded(1))]).not.toEqual([]);
  } finally {
    undo();
  }
});
