import { expect } from 'vitest';
import { kafkaTest } from 'ottla/vitest';
import { createBilling } from '../app/billing.mjs';

const test = kafkaTest({ brokers: 3, topics: ['orders', 'invoices'] });

test('billing survives that leaders move', async ({ kafka }) => {
  const billing = createBilling(kafka.bootstrapBrokers);
  kafka.onStop(() => billing.stop());
  await billing.start();
  await kafka.waitForGroup('billing');
  await kafka.moveLeader('orders', 0, 1);
  await kafka.moveLeader('invoices', 0, 2);
  await kafka.produce('orders', { value: { id: 1, price: 1, count: 1 } });
  await kafka.waitForLag('billing');
  expect(kafka).toHaveMessage('invoices', { value: { order: 1 } });
  expect(kafka.traffic.errors().map(({ error }) => error)).toContain('NOT_LEADER_OR_FOLLOWER');
  await kafka.waitForIdle();
});

test('a broker is lost, and its partitions have another leader', async ({ kafka }) => {
  expect(kafka.leaderOf('orders', 0)).toBe(0);
  await kafka.brokers[0].stop();
  expect(kafka.leaderOf('orders', 0)).toBe(1);
  await kafka.brokers[0].start();
});
