const { startBroker, matchers } = require('ottla/testing');

expect.extend(matchers);

describe('billing', () => {
  let kafka;
  let billing;

  beforeAll(async () => {
    kafka = await startBroker({ topics: ['orders', 'invoices'] });
    const { createBilling } = await import('../app/billing.mjs');
    billing = createBilling(kafka.bootstrapBrokers);
    await billing.start();
  });
  afterAll(async () => {
    await billing.stop();
    await kafka.stop();
  });

  it('writes an invoice for every order', async () => {
    await kafka.produce('orders', { key: Buffer.from('ada'), value: { id: 7, price: 5, count: 3 } });
    await kafka.waitForMessages('invoices');
    expect(kafka).toHaveMessage('invoices', { key: 'ada', value: { order: 7, total: 15 } });
    await kafka.waitForLag('billing');
    expect(kafka).toHaveCommitted('billing', { topic: 'orders', offset: 1 });
    expect(kafka).toHaveReceived('Produce');
  });
});
