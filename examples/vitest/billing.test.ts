import { beforeEach, describe, expect } from 'vitest';
import { kafkaTest } from 'ottla/vitest';
import { createBilling } from '../app/billing.mjs';

/** A broker for each test, with these topics. */
const base = kafkaTest({ topics: ['orders', 'invoices'] });

/** And the application, started and stopped around it. */
const test = base.extend<{ billing: ReturnType<typeof createBilling> }>({
  billing: async ({ kafka }, use) => {
    const billing = createBilling(kafka.bootstrapBrokers);
    await billing.start();
    await use(billing);
    await billing.stop();
  },
});

describe('billing', () => {
  beforeEach<{ billing: unknown }>(({ billing }) => void billing);

  test('writes an invoice for every order', async ({ kafka }) => {
    await kafka.produce('orders', { key: 'ada', value: { id: 7, price: 5, count: 3 } });
    const [invoice] = await kafka.waitForMessages('invoices');
    expect(invoice).toMatchObject({ key: 'ada', json: { order: 7, total: 15 } });
  });

  test('commits what it has billed', async ({ kafka }) => {
    await kafka.produce(
      'orders',
      [1, 2, 3].map((id) => ({ value: { id, price: 1, count: id } })),
    );
    await kafka.waitForLag('billing');
    expect(kafka).toHaveCommitted('billing', { topic: 'orders', offset: 3 });
    expect(kafka).toHaveMessage('invoices', { value: { order: 2, total: 2 } });
    expect(kafka).toHaveReceived('OffsetCommit', { groupId: 'billing' });
  });

  test('bills once, even when the answer of the broker is lost', async ({ kafka }) => {
    kafka.faults.on('Produce', { topic: 'invoices' }).disconnect('after').once();
    await kafka.produce('orders', { value: { id: 1, price: 2, count: 2 } });
    await kafka.waitForLag('billing');
    expect(kafka.messages('invoices')).toHaveLength(1);
    expect(kafka).toHaveReceived('Produce', {}, { times: 2 });
  });

  test('goes on when its group coordinator is not there for a moment', async ({ kafka }) => {
    await kafka.waitForGroup('billing', { state: 'Stable', members: 1 });
    kafka.faults.on(['Heartbeat', 'OffsetCommit']).reply('NOT_COORDINATOR').times(2);
    await kafka.produce('orders', { value: { id: 1, price: 2, count: 2 } });
    await kafka.waitForCommit('billing', { topic: 'orders', offset: 1 });
  });
});
