import 'reflect-metadata';
import { ClientKafka, type MicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom } from 'rxjs';
import { matchers, startBroker, type TestBroker } from 'ottla/testing';
import { kafkaOptions, ordersModule, type Order } from '../src/orders';
import 'ottla/jest';

interface Invoice {
  order: number;
  total: number;
}

let kafka: TestBroker;

beforeAll(async () => {
  expect.extend(matchers);
  kafka = await startBroker({ topics: ['orders.price', 'orders.price.reply', 'orders.placed', 'invoices'] });
  const moduleRef = await Test.createTestingModule({ imports: [ordersModule(kafka.bootstrapBrokers)] }).compile();
  const app = moduleRef.createNestMicroservice<MicroserviceOptions>(kafkaOptions(kafka.bootstrapBrokers, 'orders'));
  kafka.onStop(() => app.close()); // before the broker ends
  await app.listen();
});
afterAll(() => kafka.stop());

test('answers a request', async () => {
  const client = new ClientKafka(kafkaOptions(kafka.bootstrapBrokers, 'shop').options!);
  client.subscribeToResponseOf('orders.price');
  await client.connect();
  const order: Order = { id: 7, price: 5, count: 3 };
  expect(await firstValueFrom(client.send('orders.price', order))).toEqual({ total: 15 });
  await client.close();
});

test('writes an invoice for each order that is placed', async () => {
  await kafka.produce('orders.placed', { value: { id: 7, price: 5, count: 3 } });
  const [invoice] = await kafka.waitForMessages<Invoice>('invoices');
  expect(invoice.json.total).toBe(15);
  expect(kafka).toHaveMessage('invoices', { key: '7', value: { order: 7, total: 15 } });
});

test('goes on after a rebalance', async () => {
  const rebalance = kafka.faults.rebalance('orders-server');
  await kafka.waitUntil(() => rebalance.fired > 0, { timeout: '10s' });
  await kafka.produce('orders.placed', { value: { id: 8, price: 1, count: 1 } });
  await kafka.waitForMessages<Invoice>('invoices', ({ json }) => json.order === 8);
}, 15_000);
