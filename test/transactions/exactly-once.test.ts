import { describe, expect, test } from 'vitest';
import { NO_FAULTS, type Faults } from './faulty-broker.ts';
import { mutants } from './mutants.ts';
import { simulate } from './simulation.ts';

const LOSSES: Faults = { request: 0.05, response: 0.05, repeat: 0.05, delay: 0.03, crash: 0 };
const CRASHES: Faults = { ...NO_FAULTS, response: 0.02, crash: 0.1 };
const ALL: Faults = { ...LOSSES, crash: 0.05 };
/** Nothing tells the requests of one transaction of version 1 from those of the next: they must not be late. */
const PROMPT: Faults = { ...CRASHES, request: 0.05, response: 0.05 };

// SIMULATION_SEEDS=1000 looks further.
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 12);

describe('what is consumed, transformed and produced comes out exactly once', () => {
  test.each([
    ['version 2, nothing fails', 2, NO_FAULTS],
    ['version 2, requests and answers are lost, repeated and late', 2, LOSSES],
    ['version 2, the broker is killed between any two writes', 2, CRASHES],
    ['version 2, all of that', 2, ALL],
    ['version 1, nothing fails', 1, NO_FAULTS],
    ['version 1, requests and answers are lost, the broker is killed', 1, PROMPT],
  ] as const)(
    '%s',
    async (_what, version, faults) => {
      let crashes = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const result = await simulate({ seed, version, faults, count: 30 });
        expect(result.violations, `seed ${seed}`).toEqual([]);
        crashes += result.crashes;
      }
      expect(crashes > 0).toBe(faults.crash > 0);
    },
    SEEDS * 1000 + 10_000,
  );
});

describe('the checker catches', () => {
  test.each(mutants)('$name', async (mutant) => {
    const { firstSeed = 1 } = mutant;
    const undo = mutant.apply();
    try {
      let caught: readonly string[] = [];
      for (let seed = firstSeed; caught.length === 0 && seed < firstSeed + 200; seed++) {
        const faults = [LOSSES, ALL, CRASHES][seed % 3];
        caught = (await simulate({ seed, version: 2, faults, count: 20 })).violations;
      }
      expect(caught).not.toEqual([]);
    } finally {
      undo();
    }
  });
});
