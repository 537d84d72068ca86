import { Kafka, logLevel } from 'kafkajs';
import { expect, inject } from 'vitest';
import { kafkaTest } from 'ottla/vitest';
import { connectBroker } from 'ottla/testing';

const test = kafkaTest({ scope: 'run' });

// The other file has the same group, at the same time.
test('reads what was made ready, from the beginning, and nothing of the other file', async ({ kafka }) => {
  const client = new Kafka({ brokers: kafka.bootstrapBrokers, logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: 'billing' });
  kafka.onStop(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const ids = [];
  await consumer.run({ eachMessage: async ({ message }) => void ids.push(JSON.parse(message.value).id) });
  await kafka.produce('orders', { value: { id: 'two' } });
  await kafka.waitForLag('billing');
  expect(ids).toEqual([1, 'two']);
  expect(kafka).toHaveCommitted('billing', { topic: 'orders', offset: 2 });
});

test('is as new in the next test', async ({ kafka }) => {
  expect(kafka).toHaveMessages('orders', [{ value: { id: 1 } }]);
  expect(kafka.groups()).toEqual([]);
  const run = await connectBroker(inject('kafka').controlUrl);
  expect(run.messages('orders')).toHaveLength(1);
});
