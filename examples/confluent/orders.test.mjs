import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import confluent from '@confluentinc/kafka-javascript';
import { startBroker } from 'ottla/testing';

const { Kafka } = confluent.KafkaJS;

let kafka;
let client;

before(async () => {
  kafka = await startBroker({ topics: ['orders', 'invoices'] });
  client = new Kafka({ kafkaJS: { brokers: kafka.bootstrapBrokers, clientId: 'billing' } });
});
after(() => kafka.stop());

test('bills each order, also when the leader is away for a moment', async () => {
  const producer = client.producer();
  const consumer = client.consumer({ kafkaJS: { groupId: 'billing', fromBeginning: true } });
  kafka.onStop(() => Promise.all([producer.disconnect(), consumer.disconnect()]));
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders' });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { id, price, count } = JSON.parse(message.value.toString());
      const value = JSON.stringify({ order: id, total: price * count });
      await producer.send({ topic: 'invoices', messages: [{ key: String(id), value }] });
    },
  });
  const fault = kafka.faults.on('Produce', { topic: 'invoices' }).reply('NOT_LEADER_OR_FOLLOWER').once();
  await kafka.produce('orders', { value: { id: 1, price: 2, count: 2 } });
  const [invoice] = await kafka.waitForMessages('invoices', 1, { timeout: '20s' });
  assert.deepEqual(invoice.json, { order: 1, total: 4 });
  assert.equal(fault.fired, 1);
});
