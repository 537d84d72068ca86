import { expect, test } from 'vitest';
import { isElsewhere, startBroker } from './backends.ts';
import { Clients } from './kafkajs-clients.ts';
import { startAndStop } from './starts.ts';

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

test.skipIf(isElsewhere())(
  'a hundred brokers come and go: each ready within 50 milliseconds, and nothing of them stays',
  async () => {
    const { readyMs, handlesLeft } = await startAndStop(100);
    expect(readyMs[10]).toBeLessThan(50); // 1 on a machine at rest, where all are
    expect(handlesLeft).toBeLessThanOrEqual(0);
  },
);

test.skipIf(isElsewhere())('many brokers run side by side', async () => {
  const brokers = await Promise.all(Array.from({ length: 10 }, (_, i) => startBroker({ topics: [`topic-${i}`] })));
  expect(new Set(brokers.map(({ bootstrapServers }) => bootstrapServers)).size).toBe(10);
  for (const [i, kafka] of brokers.entries()) expect(kafka.topics()).toEqual([`topic-${i}`]);
  await Promise.all(brokers.map((kafka) => kafka.stop()));
});

test('a wrong setting, topic or partition is said in a sentence', async () => {
  await expect(startBroker({ settings: { 'num.partitions': 'many' } })).rejects.toThrow('num.partitions');
  await using kafka = await startBroker({ settings: { 'auto.create.topics.enable': false }, topics: ['orders'] });
  await expect(kafka.produce('nowhere', 'x')).rejects.toThrow(
    "there is no topic 'nowhere': create it first (createTopic)",
  );
  await expect(kafka.produce('orders', { value: 'x', partition: 3 })).rejects.toThrow(
    "topic 'orders' has no partition 3",
  );
  await expect(kafka.createTopic('orders')).rejects.toThrow("topic 'orders' cannot be created");
  await expect(kafka.createTopic('bad name')).rejects.toThrow("topic 'bad name' cannot be created");
  await kafka.produce('orders', 'no json');
  expect(() => kafka.messages('orders')[0].json).toThrow('the value of orders[0] at offset 0 is no JSON');
});

test('keys go where Kafka clients would send them', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 7 }] });
  await using clients = new Clients();
  const producer = await clients.producer(kafka);
  const keys = Array.from({ length: 40 }, (_, i) => `key-${i}-${'x'.repeat(i % 5)}`);
  await producer.send({ topic: 'orders', messages: keys.map((key) => ({ key, value: 'kafkajs' })) });
  await kafka.produce(
    'orders',
    keys.map((key) => ({ key, value: 'test' })),
  );
  for (const key of keys) {
    const own = kafka.messages('orders').filter((message) => message.key === key);
    expect(own.map(({ value }) => value)).toEqual(['kafkajs', 'test']);
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
  }
});
