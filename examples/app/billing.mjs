/** The application under test: bills every order, with kafkajs. */
import kafkajs from 'kafkajs';

const { Kafka, logLevel } = kafkajs;

/** @param {string[]} brokers */
export function createBilling(brokers) {
  const kafka = new Kafka({
    clientId: 'billing',
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 20 },
  });
  const consumer = kafka.consumer({ groupId: 'billing', heartbeatInterval: 200 });
  const producer = kafka.producer({ idempotent: true });
  return {
    async start() {
      await Promise.all([producer.connect(), consumer.connect()]);
      await consumer.subscribe({ topic: 'orders', fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }) => {
          const order = JSON.parse(String(message.value));
          const invoice = { order: order.id, total: order.price * order.count };
          await producer.send({ topic: 'invoices', messages: [{ key: message.key, value: JSON.stringify(invoice) }] });
        },
      });
    },
    async stop() {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}
