/** A share group in trouble, seed after seed; `npm run test:transactions-sim -- --share` tells more stories. */
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { tellShareGroup } from './share-story.ts';

const SEEDS = [1, 2];
/** In which a coordinator that answers too early loses what it has answered. */
const TELLING_SEED = 3;

test(
  'whatever happens to its coordinators, what a share group has accepted is never delivered again, and all is accepted',
  { timeout: 120_000 },
  async () => {
    for (const seed of SEEDS) {
      const { wrong, deliveries } = await tellShareGroup(seed);
      expect(wrong, `TRANSACTIONS_SEED=${seed}`).toEqual([]);
      expect(deliveries).toBeGreaterThan(40); // some were released, or came again
    }
  },
);

test('a story shows that its coordinator answers before the state is committed', { timeout: 120_000 }, async () => {
  const undo = mutants.find(({ name }) => name.startsWith('a coordinator answers before'))!.apply();
  try {
    expect((await tellShareGroup(TELLING_SEED)).wrong).not.toEqual([]);
  } finally {
    undo();
  }
});
