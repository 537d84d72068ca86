import { expect } from 'vitest';
import { test } from 'ottla/vitest';
import { createBilling } from '../app/billing.mjs';

test('wait for what you expect instead of sleeping', async ({ kafka }) => {
  const billing = createBilling(kafka.bootstrapBrokers);
  kafka.onStop(() => billing.stop());
  await kafka.createTopic('orders', { partitions: 3 });
  await billing.start();
  await kafka.waitForGroup('billing', { state: 'Stable', members: 1, assigned: 3 });
  await kafka.produce('orders', [
    { key: 'ada', value: { id: 1, price: 5, count: 1 } },
    { key: 'bob', value: { id: 2, price: 7, count: 2 } },
  ]);
  await kafka.waitForMessages('invoices', 2);
  await kafka.waitForMessages('invoices', ({ key }) => key === 'bob');
  await kafka.waitForCommit('billing', { topic: 'orders' });
  await kafka.waitForLag('billing', 0);
  await kafka.waitForIdle();
});

test('a wait that is in vain tells what there was', async ({ kafka }) => {
  await kafka.produce('orders', 'just one');
  const error = await kafka.waitForMessages('orders', 2, { timeout: '50ms' }).catch((reason: Error) => reason);
  expect(String(error)).toContain('orders[0]@0 null → "just one"');
});
