// OttlaContainer as a user writes it: topics, a seed, a fault, waiters, a second container in the network.
import { OttlaContainer } from 'ottla/testcontainers';
import { createRequire } from 'node:module';
import { GenericContainer, Network, Wait } from 'testcontainers';

const { Kafka, logLevel } = createRequire(process.env.KAFKAJS_AT)('kafkajs');
const say = (text) => process.stdout.write(`${text}\n`);

const network = await new Network().start();
const kafka = await new OttlaContainer(process.env.OTTLA_IMAGE)
  .withTopics('orders', { name: 'customers', partitions: 2 })
  .withSeed({ customers: [{ key: '7', value: { name: 'Ada' } }] })
  .withNetwork(network, 'kafka')
  .start();
try {
  say(`topics: ${kafka.topics().join(' ')}`);
  const fault = kafka.faults.on('Produce', { topic: 'orders' }).reply('NOT_LEADER_OR_FOLLOWER').times(2);
  const client = new Kafka({ brokers: [kafka.getBootstrapServers()], logLevel: logLevel.NOTHING });
  const producer = client.producer();
  await producer.connect();
  await producer.send({ topic: 'orders', messages: [{ value: 'hello' }] });
  await producer.disconnect();
  const [message] = await kafka.waitForMessages('orders');
  say(`read back: ${message.value}, fault fired ${fault.fired} times`);
  const snapshot = kafka.snapshot();
  await kafka.reset();
  say(`after reset: ${kafka.topics().length} topics`);
  await kafka.restore(snapshot);
  say(`after restore: ${kafka.messages('orders').length} message`);
  const reader = await new GenericContainer(process.env.OTTLA_IMAGE)
    .withNetwork(network)
    .withCommand(['consume', 'orders', '-b', kafka.getNetworkBootstrapServers(), '-c', '1', '-f', 'from beside: %s\n'])
    .withWaitStrategy(Wait.forLogMessage('from beside: hello'))
    .start();
  say('read from a container beside it');
  await reader.stop();
} finally {
  await kafka.stop();
  await network.stop();
}
