/** Replicated partitions in trouble, seed after seed; `run.ts` tells more stories, and `mutants-run.ts` says what they catch. */
import { expect, test } from 'vitest';
import { FollowerLog } from '../../../src/partitions/follower-log.ts';
import { mutant, mutants } from './mutants.ts';
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

test('with flush.messages=1 that holds for machines that lose their power', async () => {
  for (const seed of [1, 2])
    expect((await tellReplicas(seed, { machines: 'synced', troubleMs: 10_000 })).wrong, `seed ${seed}`).toEqual([]);
});

test('without it that holds while machines lose their power one after the other', async () => {
  for (const seed of [1, 2, 3])
    expect((await tellReplicas(seed, { machines: 'lost', troubleMs: 15_000 })).wrong, `seed ${seed}`).toEqual([]);
});

test('that holds while operators move partitions, delete records and topics', async () => {
  expect((await tellReplicas(1, { hasOperators: true, troubleMs: 15_000 })).wrong).toEqual([]);
});

test('where any replica may lead, and machines lose their power, all agree in the end', async () => {
  const outcome = await tellReplicas(2, { machines: 'unclean', hasOperators: true, troubleMs: 15_000 });
  expect(outcome.wrong).toEqual([]);
  expect(outcome.records).toBeGreaterThan(50);
});

test('what a leader sends with a wrong CRC is never appended, is told once, and comes again', async () => {
  let damaged = 0;
  const undo = mutant(
    'what comes is damaged on its way',
    FollowerLog.prototype,
    'append',
    (original) =>
      function (this: FollowerLog, bytes, at, length) {
        if (damaged++ >= 8) return original.call(this, bytes, at, length);
        const changed = Buffer.from(bytes);
        changed[at + length - 1] ^= 1;
        return original.call(this, changed, at, length);
      },
  ).apply();
  try {
    const { wrong, logged } = await tellReplicas(1, { troubleMs: 500 });
    expect(wrong).toEqual([]);
    const said = logged.filter((line) => line.includes('wrong CRC'));
    expect(said.length).toBeGreaterThan(0);
    expect(said.length).toBeLessThanOrEqual(4); // two followers of each of two partitions
  } finally {
    undo();
  }
});

test.each(mutants.filter(({ name }) => SHOWN.includes(name)))('the checker sees when $name', async (shown) => {
  const undo = shown.apply();
  try {
    const wrong: string[] = [];
    for (let seed = 1; seed <= SEEDS && wrong.length === 0; seed++) wrong.push(...(await tellReplicas(seed)).wrong);
    expect(wrong).not.toEqual([]);
  } finally {
    undo();
  }
});
