import { expect, test } from 'vitest';
import { startBroker } from '../../src/testing/index.ts';
import { Clients } from './kafkajs-clients.ts';

test('kafkajs writes, the test reads; the test writes, kafkajs reads', async () => {
  await using kafka = await startBroker({ topics: ['orders', { name: 'payments', partitions: 3 }] });
  await using clients = new Clients();
  const producer = await clients.producer(kafka);
  await producer.send({ topic: 'orders', messages: [{ key: 'k', value: '{"id":1}', headers: { trace: 'abc' } }] });
  const [order] = kafka.messages('orders');
  expect(order).toMatchObject({
    topic: 'orders',
    partition: 0,
    offset: 0,
    key: 'k',
    json: { id: 1 },
    headers: { trace: 'abc' },
  });

  const values: string[] = [];
  await clients.consumer(kafka, 'billing', 'payments', values);
  await kafka.produce('payments', [{ key: 'a', value: { amount: 5 } }, 'plain', { key: 'a', value: null }]);
  await kafka.waitForLag('billing');
  expect(values.sort()).toEqual(['null', 'plain', '{"amount":5}']);
});
