import { describe, expect, test } from 'vitest';
import { NO_FAULTS, type Faults } from '../transactions/faulty-broker.ts';
import { mutants } from './mutants.ts';
import { simulate } from './simulation.ts';

const LOSSES: Faults = { request: 0.05, response: 0.05, repeat: 0.05, delay: 0.03, crash: 0 };
const CRASHES: Faults = { ...NO_FAULTS, response: 0.02, crash: 0.25 };
const ALL: Faults = { ...LOSSES, crash: 0.2 };

// SIMULATION_SEEDS=1000 looks further.
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 6);

describe('every record is delivered until it is accepted, or becomes a dead letter', () => {
  test.each([
    ['nothing fails', NO_FAULTS],
    ['requests and answers are lost, repeated and late', LOSSES],
    ['the broker is killed between any two writes', CRASHES],
    ['all of that', ALL],
  ] as const)(
    '%s',
    async (_what, faults) => {
      let [crashes, deliveries, deadLetters] = [0, 0, 0];
      for (let seed = 1; seed <= SEEDS; seed++) {
        const result = await simulate({ seed, faults });
        expect(result.violations, `seed ${seed}`).toEqual([]);
        crashes += result.crashes;
        deliveries += result.deliveries;
        deadLetters += result.deadLetters;
      }
      expect(crashes > 0).toBe(faults.crash > 0);
      expect(deliveries).toBeGreaterThan(20 * SEEDS);
      expect(deadLetters).toBeGreaterThan(SEEDS);
    },
    SEEDS * 2000 + 20_000,
  );
});

describe('the checker catches', () => {
  test.each(mutants)(
    '$name',
    async (mutant) => {
      const undo = mutant.apply();
      try {
        let caught: readonly string[] = [];
        for (let seed = 1; caught.length === 0 && seed < 100; seed++) {
          caught = (await simulate({ seed, faults: [LOSSES, ALL, CRASHES][seed % 3] })).violations;
        }
        expect(caught).not.toEqual([]);
      } finally {
        undo();
      }
    },
    60_000,
  );
});
