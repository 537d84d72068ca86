import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBroker } from 'ottla/testing';
import { createBilling } from '../app/billing.mjs';

let kafka;

before(async () => {
  kafka = await startBroker({ topics: ['orders', 'invoices'] });
  const billing = createBilling(kafka.bootstrapBrokers);
  kafka.onStop(() => billing.stop());
  await billing.start();
});
after(async () => {
  const { leaks } = await kafka.stop();
  assert.deepEqual(leaks, []);
});

test('an invoice is written for every order', async () => {
  await kafka.produce('orders', { key: 'ada', value: { id: 7, price: 5, count: 3 } });
  const [invoice] = await kafka.waitForMessages('invoices');
  assert.deepEqual(invoice.json, { order: 7, total: 15 });
});
