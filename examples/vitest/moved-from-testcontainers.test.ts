import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBroker, type TestBroker } from 'ottla/testing';
import { createBilling } from '../app/billing.mjs';

// Before:
//   let container: StartedKafkaContainer;
//   beforeAll(async () => {
//     container = await new KafkaContainer('confluentinc/cp-kafka:8.0.0').start();
//     brokers = [`${container.getHost()}:${container.getMappedPort(9093)}`];
//   }, 120_000);
//   afterAll(() => container.stop());
let kafka: TestBroker;
let brokers: string[];

beforeAll(async () => {
  kafka = await startBroker();
  brokers = kafka.bootstrapBrokers;
});
afterAll(() => kafka.stop());

test('what used a container goes on as it is', async () => {
  const billing = createBilling(brokers);
  kafka.onStop(() => billing.stop());
  await kafka.createTopic('orders');
  await billing.start();
  // Before: a producer of the test's own, a consumer that collects, and a sleep.
  await kafka.produce('orders', { value: { id: 7, price: 5, count: 3 } });
  const [invoice] = await kafka.waitForMessages<{ total: number }>('invoices');
  expect(invoice.json.total).toBe(15);
});
