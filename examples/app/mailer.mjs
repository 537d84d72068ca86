/** A third application: sends mails from a queue, which Kafka calls a share group. */
import { KafkaClient } from '@kafkats/client';

/**
 * @param {string[]} brokers
 * @param {(mail: { to: string }) => Promise<void>} send what fails comes again; `{ isPermanent: true }` gives the mail up
 */
export function createMailer(brokers, send) {
  const client = new KafkaClient({ clientId: 'mailer', brokers });
  const consumer = client.shareConsumer({ groupId: 'mailer', maxWaitMs: 100 });
  consumer.on('error', () => {}); // it goes on by itself
  let running = Promise.resolve();
  return {
    async start() {
      await client.connect();
      running = consumer.runEach('mails', async (message) => {
        try {
          await send(JSON.parse(String(message.value)));
          await message.ack();
        } catch (error) {
          await (error.isPermanent === true ? message.reject() : message.release());
        }
      });
    },
    async stop() {
      await consumer.stop();
      await running.catch(() => {});
      await client.disconnect();
    },
  };
}
