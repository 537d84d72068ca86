/** Another application: charges each order, tries again where that fails, and gives up with a dead letter that says why. */
import kafkajs from 'kafkajs';

const { Kafka, logLevel } = kafkajs;
const ATTEMPTS = 3;

/**
 * @param {string[]} brokers
 * @param {(order: { id: number }) => Promise<void>} charge
 */
export function createRetrying(brokers, charge) {
  const kafka = new Kafka({ clientId: 'charging', brokers, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'charging' });
  const producer = kafka.producer();

  async function handle(message, topic) {
    const attempt = Number(message.headers?.attempt ?? 1);
    try {
      await charge(JSON.parse(String(message.value)));
    } catch (error) {
      const isLast = attempt === ATTEMPTS;
      const headers = isLast
        ? { error: error.message, 'original-topic': 'orders' }
        : { attempt: String(attempt + 1), 'original-topic': topic };
      const { key, value } = message;
      await producer.send({ topic: isLast ? 'orders.dead' : 'orders.retry', messages: [{ key, value, headers }] });
    }
  }

  return {
    async start() {
      await Promise.all([producer.connect(), consumer.connect()]);
      await consumer.subscribe({ topics: ['orders', 'orders.retry'], fromBeginning: true });
      await consumer.run({ eachMessage: ({ message, topic }) => handle(message, topic) });
    },
    async stop() {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}
