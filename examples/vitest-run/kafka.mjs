import { globalSetup } from 'ottla/vitest/global-setup';

export const { setup, teardown } = globalSetup({ topics: ['orders', 'invoices'] }, async (kafka) => {
  await kafka.produce('orders', { value: { id: 1, price: 2, count: 2 } });
});
