import { expect } from 'vitest';
import { Kafka, logLevel } from 'kafkajs';
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

const inVirtualTime = kafkaTest({ brokers: 3, minIsr: 2, topics: ['orders'], clock: 'virtual' });

inVirtualTime('what only the old leader had is lost, and what all had is not', async ({ kafka }) => {
  const client = new Kafka({ brokers: kafka.bootstrapBrokers, logLevel: logLevel.NOTHING });
  const producer = client.producer();
  kafka.onStop(() => producer.disconnect());
  await producer.connect();
  await producer.send({ topic: 'orders', acks: -1, messages: [{ value: 'everywhere' }] });
  await kafka.isolate(0); // it leads orders[0], and nothing reaches it but its clients
  await producer.send({ topic: 'orders', acks: 1, messages: [{ value: 'never seen again' }] });
  await kafka.clock.advance('9s'); // its session is over: another broker leads
  await kafka.waitForLeader('orders', 0, 1);
  await kafka.heal(0); // its log becomes what the new leader's is
  await kafka.waitForIsr('orders');
  expect(kafka).toHaveMessages('orders', [{ value: 'everywhere' }]);
});
