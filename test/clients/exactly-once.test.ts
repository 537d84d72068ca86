/** A short slice of `npm run test:exactly-once`, with the clients that npm brings. */
import { expect, test } from 'vitest';
import { missing, runRounds } from './exactly-once/rounds.ts';

test.for(['kafkajs', 'platformatic', 'librdkafka'] as const)(
  '%s copies exactly once, though its broker is killed',
  { timeout: 120_000 },
  async (name, { skip }) => {
    const why = missing(name);
    if (why !== null) skip(why);
    expect(await runRounds({ rounds: 2, seed: 1, clients: [name] })).toEqual([]);
  },
);
