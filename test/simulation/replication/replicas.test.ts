/** Replicated partitions in trouble, seed after seed; `run.ts` tells more stories, and `mutants-run.ts` says what they catch. */
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { tellReplicas } from './replicas-story.ts';

const SEEDS = 8;
/** Caught by the first seeds already. */
const SHOWN = ['the high watermark ignores followers', 'a leader that is deposed goes on'];

test(`whatever happens, what was acknowledged is at every replica (${SEEDS} seeds)`, async () => {
  let records = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await tellReplicas(seed);
    expect(outcome.wrong, `seed ${seed}`).toEqual([]);
    records += outcome.records;
  }
  expect(records).toBeGreaterThan(SEEDS * 50);
});

test.each(mutants.filter(({ name }) => SHOWN.includes(name)))('the checker sees when $name', async (mutant) => {
  const undo = mutant.apply();
  try {
    const wrong: string[] = [];
    for (let seed = 1; seed <= SEEDS && wrong.length === 0; seed++) wrong.push(...(await tellReplicas(seed)).wrong);
    expect(wrong).not.toEqual([]);
  } finally {
    undo();
  }
});
