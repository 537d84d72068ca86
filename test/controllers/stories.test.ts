import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { tell } from './story.ts';

/** CONTROLLER_SEED=n tells one story again; `npm run test:controllers` tells many. */
const SEEDS = process.env.CONTROLLER_SEED === undefined ? 20 : 1;
const FIRST = Number(process.env.CONTROLLER_SEED ?? 1);
/** Each mutant shows in one of the first ten. */
const MUTANT_SEEDS = 12;

describe('controllers in a minute of trouble', () => {
  test(`append each batch once, in order, under one claim an epoch, and one is there in the end: ${SEEDS} seeds`, async () => {
    let appended = 0;
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const outcome = await tell(seed);
      expect({ seed, wrong: outcome.wrong }).toEqual({ seed, wrong: [] });
      appended += outcome.appended;
    }
    expect(appended).toBeGreaterThan(50 * SEEDS);
  });
});

describe('the checker notices controllers that', () => {
  test.each(mutants)('$name', async ({ mutate }) => {
    for (let seed = 1; seed <= MUTANT_SEEDS; seed++) {
      const { wrong } = await tell(seed, { mutate });
      if (wrong.length > 0) return;
    }
    expect.fail('nothing was noticed');
  });
});
