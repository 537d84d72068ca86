import { expect } from 'vitest';
import { kafkaTest } from 'ottla/vitest';
import { startBroker } from 'ottla/testing';
import { createBilling } from '../app/billing.mjs';

const test = kafkaTest({ topics: ['orders', 'invoices'] });

test('everything that was said can be looked at', async ({ kafka }) => {
  const billing = createBilling(kafka.bootstrapBrokers);
  kafka.onStop(() => billing.stop());
  await billing.start();
  await kafka.produce('orders', { value: { id: 1, price: 1, count: 1 } });
  await kafka.waitForLag('billing');
  const [{ request }] = kafka.traffic.of('JoinGroup');
  expect(request.groupId).toBe('billing');
  const [produced] = kafka.traffic.of('Produce', { topic: 'invoices' });
  expect(produced.request.acks).toBe(-1);
  expect(kafka.traffic.toString({ api: 'Produce' })).toContain('Produce v7 invoices[0] → ok');
});

test('a test that forgets to close its clients is told', async () => {
  const kafka = await startBroker({ topics: ['orders', 'invoices'], leftovers: 'ignore' });
  const billing = createBilling(kafka.bootstrapBrokers);
  await billing.start();
  await kafka.waitForGroup('billing', { members: 1 });
  const { leaks } = await kafka.stop();
  expect(leaks.join('\n')).toContain("never left group 'billing': disconnect the consumer");
  await billing.stop();
});
