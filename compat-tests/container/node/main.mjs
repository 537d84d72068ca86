import { createRequire } from 'node:module';
import { join } from 'node:path';

const { KafkaContainer } = createRequire(join(process.env.TESTCONTAINERS_AT, 'package.json'))('@testcontainers/kafka');
const { Kafka, logLevel } = createRequire(join(process.env.KAFKAJS_AT, 'package.json'))('kafkajs');

const container = await new KafkaContainer(process.env.OTTLA_IMAGE).start();
try {
  const brokers = [`${container.getHost()}:${container.getMappedPort(9093)}`];
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'greetings', messages: [{ value: 'hello' }] });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: 'readers' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'greetings', fromBeginning: true });
  const value = await new Promise((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(message.value.toString()) });
  });
  await consumer.disconnect();
  process.stdout.write(`read back: ${value}\n`);
} finally {
  await container.stop();
}
