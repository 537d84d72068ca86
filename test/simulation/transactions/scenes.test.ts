/** The scenes with coordinators as they are, and with wrong ones, which each scene must show. */
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { CLIENTS, deletedTopic, endAtNextLeader, lostDecision, moved, notAdded, timedOutAtMove } from './scenes.ts';

const SEEDS = [1, 2];

test.each(SEEDS)('a decision that dies with its coordinator is none: all is aborted (seed %i)', async (seed) => {
  expect(await lostDecision(seed)).toEqual([]);
});

test.each(SEEDS)('a batch for a partition that is not in its transaction is refused (seed %i)', async (seed) => {
  expect(await notAdded(seed)).toEqual([]);
});

test.each(CLIENTS)('a transaction of a client of $name goes on at the next coordinator', async (client) => {
  for (const afterMs of [0, 2, 5, 10, 20])
    expect(await moved(3 + afterMs, client, afterMs), `${afterMs} ms`).toEqual([]);
});

test.each([true, false])(
  'a transaction ends although a topic of it is deleted (made again: %s)',
  async (isMadeAgain) => {
    for (const seed of SEEDS) expect(await deletedTopic(seed, isMadeAgain)).toEqual([]);
  },
);

test.each(SEEDS)(
  'a transaction that runs out of time while its coordinator moves is aborted (seed %i)',
  async (seed) => {
    expect(await timedOutAtMove(seed)).toEqual([]);
  },
);

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
