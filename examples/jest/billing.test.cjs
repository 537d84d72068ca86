const { startBroker, matchers } = require('ottla/testing');

expect.extend(matchers);

describe('billing', () => {
  let kafka;

  beforeAll(async () => {
    kafka = await startBroker({ topics: ['orders', 'invoices'] });
    const { createBilling } = await import('../app/billing.mjs');
    const billing = createBilling(kafka.bootstrapBrokers);
    kafka.onStop(() => billing.stop());
    await billing.start();
  });
  afterAll(() => kafka.stop());

  it('writes an invoice for every order', async () => {
    await kafka.produce('orders', { key: Buffer.from('ada'), value: { id: 7, price: 5, count: 3 } });
    await kafka.waitForMessages('invoices');
    expect(kafka).toHaveMessage('invoices', { key: 'ada', value: { order: 7, total: 15 } });
    await kafka.waitForLag('billing');
    expect(kafka).toHaveCommitted('billing', { topic: 'orders', offset: 1 });
    expect(kafka).toHaveReceived('Produce');
  });
});
