/** Brokers that run elsewhere: in a thread, behind `ottla start --control-port`; what all of them can is in elsewhere.test.ts. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { RemoteBroker } from '../../src/remote/remote-broker.ts';
import { connectBroker, startBroker } from '../../src/testing/index.ts';
import { OttlaContainer } from '../../src/testcontainers/index.ts';
import { Command } from '../cli/command.ts';
import { Clients } from './kafkajs-clients.ts';

/** `ottla start --memory --control-port 0`: answers where its control port is. */
async function startCommand(): Promise<string> {
  const command = new Command(['start', '--memory', '--port', '0', '--host', '127.0.0.1', '--control-port', '0']);
  onTestFinished(async () => {
    command.kill('SIGTERM');
    await command.ended;
  });
  await command.ready();
  return vi.waitFor(() => /^control (\S+)$/m.exec(command.stdout)![1]);
}

test('a broker in a thread answers while the thread of the test stands still, and ends with stop', async () => {
  await using clients = new Clients();
  const kafka = await startBroker({ thread: true, topics: ['orders'], leftovers: 'throw' });
  const producer = await clients.producer(kafka);
  await producer.send({ topic: 'orders', messages: [{ value: 'over the wire' }] });
  expect(kafka.messages('orders').map(({ value }) => value)).toEqual(['over the wire']);
  expect(kafka.traffic.of('Produce')[0].request.topicData[0].name).toBe('orders');
  await producer.disconnect();
  const { controlUrl } = kafka;
  await kafka.stop();
  await expect(connectBroker(controlUrl!)).rejects.toThrow(`nothing answers at ${controlUrl}`);
});

test('what cannot begin in a thread says why', async () => {
  await expect(startBroker({ thread: true, settings: { 'num.partition': 2 } as object })).rejects.toThrow(
    'num.partitions',
  );
  await expect(connectBroker('localhost:9092')).rejects.toThrow('write http://host:port');
});

test('who is connected to the same broker sees the same; forks of it are apart', async () => {
  await using kafka = await startBroker({ thread: true, topics: ['orders'] });
  const [one, two] = [await connectBroker(kafka.controlUrl!), await connectBroker(kafka.controlUrl!)];
  await one.produce('orders', 'for all');
  expect(two.messages('orders')).toHaveLength(1);
  await one.stop();
  const forks = await Promise.all([two.fork(), two.fork({ topics: ['own'] })]);
  const waiting = forks.map((fork, index) => fork.waitForMessages('orders', ({ value }) => value === `to ${index}`));
  for (const [index, fork] of forks.entries()) await fork.produce('orders', `to ${index}`);
  expect((await Promise.all(waiting)).flat().map(({ value }) => value)).toEqual(['to 0', 'to 1']);
  expect(forks.map((fork) => fork.topics())).toEqual([['orders'], ['orders', 'own']]);
  expect(kafka.messages('orders')).toHaveLength(1);
  await Promise.all(forks.map((fork) => fork.stop()));
});

test('a broker that the command line has started is driven, and begins anew from a snapshot', async () => {
  const kafka = new RemoteBroker(await startCommand());
  await kafka.produce('orders', ['kept', Buffer.from([0xff])]);
  expect(kafka.messages('orders')[1].valueBytes).toEqual(Buffer.from([0xff]));
  const snapshot = kafka.snapshot();
  await kafka.reset({ topics: ['other'] });
  expect(kafka.topics()).toEqual(['other']);
  await kafka.restore(snapshot);
  expect(kafka.messages('orders')[0].value).toBe('kept');
  await using clients = new Clients();
  const producer = await clients.producer(kafka);
  await producer.send({ topic: 'orders', messages: [{ value: 'more' }] });
  expect(kafka.messages('orders')).toHaveLength(3);
});

test('without the package testcontainers the container says what to install', async () => {
  await expect(new OttlaContainer().withTopics('orders').start()).rejects.toThrow(
    'npm install --save-dev testcontainers',
  );
});
