/** Each scene ends well, and shows the mutants that break the one rule it hangs on. */
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { play, scenes } from './scenes.ts';

const SEED = 1;

test.each(scenes)('all ends well when $name', async (scene) => {
  expect(await play(scene, SEED)).toEqual([]);
});

test.each(mutants.filter(({ scene }) => scene !== null))('the checker sees that $name', async (mutant) => {
  const undo = mutant.apply();
  try {
    expect(await play(mutant.scene!, SEED)).not.toEqual([]);
  } finally {
    undo();
  }
});
