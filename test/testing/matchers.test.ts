import { describe, expect, test as base } from 'vitest';
import { globalSetup, type ProvidedKafka } from '../../src/testing/vitest-global-setup.ts';
import { kafkaTest, test } from '../../src/testing/vitest.ts';
import { dial, topicOf } from '../running-broker.ts';
import { Clients } from './kafkajs-clients.ts';

test('messages are expected by what they say', async ({ kafka }) => {
  await kafka.produce('orders', [
    { key: 'a', value: { id: 1, lines: [{ sku: 'x' }, { sku: 'y' }] }, headers: { trace: 't1' } },
    { key: 'b', value: 'plain text' },
    { key: 'c', value: null },
  ]);
  expect(kafka).toHaveMessage('orders');
  expect(kafka).toHaveMessage('orders', { key: 'a', value: { id: 1 } });
  expect(kafka).toHaveMessage('orders', { value: { lines: [{ sku: 'y' }] }, headers: { trace: /^t/ } });
  expect(kafka).toHaveMessage('orders', { value: 'plain text', offset: 1 });
  expect(kafka).toHaveMessage('orders', { value: expect.stringContaining('plain') });
  expect(kafka).toHaveMessage('orders', { key: 'c', value: null });
  expect(kafka).not.toHaveMessage('orders', { value: { id: 2 } });
  expect(kafka).not.toHaveMessage('payments');
  expect(() => expect(kafka).toHaveMessage('orders', { key: 'z' })).toThrow(
    /expected topic 'orders' to have a message like {"key":"z"}, found 3 messages:[^]*orders\[0\]@1 "b" → "plain text"/,
  );
  expect(() => expect('a broker').toHaveMessage('orders')).toThrow('write expect(kafka)');
});

test('commits and requests are expected, too', async ({ kafka }) => {
  await using clients = new Clients();
  await kafka.produce('orders', ['a', 'b']);
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForLag('billing');
  expect(kafka).toHaveCommitted('billing', { topic: 'orders' });
  expect(kafka).toHaveCommitted('billing', { topic: 'orders', partition: 0, offset: 2 });
  expect(kafka).not.toHaveCommitted('billing', { topic: 'orders', offset: 1 });
  expect(() => expect(kafka).toHaveCommitted('other', { topic: 'orders' })).toThrow('group other: Dead');
  expect(kafka).toHaveReceived('OffsetCommit', { groupId: 'billing', topics: [{ name: 'orders' }] });
  expect(kafka).toHaveReceived('FindCoordinator', {}, { times: 1 });
  expect(kafka).not.toHaveReceived('Produce');
  expect(() => expect(kafka).toHaveReceived('OffsetCommit', { groupId: 'other' })).toThrow(
    /expected the broker to have received OffsetCommit like {"groupId":"other"}, found 0 among \d+ such requests?:/,
  );
});

base('a global set-up provides the addresses of a broker for the whole run', async () => {
  const { setup, teardown } = globalSetup({ topics: ['orders'] });
  const provided = new Map<string, unknown>();
  await setup({ provide: (key: string, value: unknown) => provided.set(key, value) } as never);
  const { bootstrapServers } = provided.get('kafka') as ProvidedKafka;
  const client = await dial(bootstrapServers);
  expect((await topicOf(client, 'orders')).errorCode).toBe(0);
  await client.close();
  await teardown();
  await expect(dial(bootstrapServers)).rejects.toThrow('ECONNREFUSED');
});

const shared = kafkaTest({ scope: 'file', topics: ['orders'] });
const seen: string[] = [];

describe('one broker for a file', () => {
  for (const round of ['first', 'second']) {
    shared(`is as new in the ${round} test`, async ({ kafka }) => {
      expect(kafka.messages('orders')).toEqual([]);
      await kafka.produce('orders', round);
      seen.push(kafka.bootstrapServers);
      expect(new Set(seen).size).toBe(1);
    });
  }
});
