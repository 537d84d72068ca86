import { afterAll, beforeEach, expect, test } from 'vitest';
import { startBroker } from 'ottla/testing';

// One broker for all tests of the file, as new for each of them.
const kafka = await startBroker({
  topics: [{ name: 'prices', messages: new URL('../app/prices.ndjson', import.meta.url) }],
});
beforeEach(() => kafka.reset());
afterAll(() => kafka.stop());

test('a seeded topic is there from the beginning', () => {
  expect(kafka.messages('prices').map(({ key, json }) => [key, json])).toEqual([
    ['apple', { price: 3 }],
    ['pear', { price: 4 }],
  ]);
});

test('a fork begins where its original stands, and goes its own way', async () => {
  await kafka.produce('prices', { key: 'plum', value: { price: 5 } });
  await using fork = await kafka.fork();
  await fork.produce('prices', { key: 'fig', value: { price: 9 } });
  expect(fork.messages('prices')).toHaveLength(4);
  expect(kafka.messages('prices')).toHaveLength(3);
});

test('a snapshot is a beginning for many brokers', async () => {
  const prepared = kafka.snapshot();
  await using first = await startBroker({ from: prepared });
  await using second = await startBroker({ from: prepared });
  expect(first.messages('prices')).toEqual(second.messages('prices'));
});
