/** A short slice of `npm run test:exactly-once`, with the clients that npm brings. */
import { expect, test } from 'vitest';
import { missing, runRounds } from './exactly-once/rounds.ts';

test('kafkajs, platformatic and librdkafka copy exactly once, though their broker is killed', async () => {
  const clients = (['kafkajs', 'platformatic', 'librdkafka'] as const).filter((name) => missing(name) === null);
  expect(clients.length).toBeGreaterThan(1); // librdkafka has to be built: npm run librdkafka
  expect(await runRounds({ rounds: 2, seed: 1, clients })).toEqual([]); // what is violated, with the client's name
}, 120_000);
