/** Coordinators in trouble, seed after seed; `npm run test:transactions-sim` tells more stories, and says what catches each mutant. */
import { expect, test } from 'vitest';
import { optionsOf, tellTransactions } from './transactions-story.ts';

const SEEDS = [1, 2, 3, 4];

test('whatever happens to coordinators, what is copied is there once, and what groups were told holds', async () => {
  let [commits, elections] = [0, 0];
  for (const seed of SEEDS) {
    const outcome = await tellTransactions(seed, optionsOf(seed));
    expect(outcome.wrong, `TRANSACTIONS_SEED=${seed}`).toEqual([]);
    commits += outcome.commits;
    elections += outcome.elections;
  }
  // The stories tell of something.
  expect(Math.min(commits / 20, elections / 5)).toBeGreaterThan(SEEDS.length);
}, 120_000);
