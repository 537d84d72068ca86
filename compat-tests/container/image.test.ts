import { createGzip } from 'node:zlib';
import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { mustRun, runCommand } from '../provide/command.ts';
import { IMAGE, inspect, logsOf, removeContainer, runImage, whyNoImage } from './image.ts';

const missing = await whyNoImage();

async function container(args: readonly string[], command: readonly string[] = []): Promise<string> {
  const id = await runImage(args, command);
  onTestFinished(() => removeContainer(id));
  return id;
}

async function ready(id: string): Promise<void> {
  await vi.waitFor(async () => expect(await logsOf(id)).toContain('\nready '.trimStart()), {
    timeout: 120_000,
    interval: 50,
  });
}

/** Sends a record and reads it back with kafkajs. */
async function roundTrip(brokers: string[]): Promise<string> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: 'greetings', messages: [{ value: 'hello' }] });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: 'readers' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'greetings', fromBeginning: true });
  const value = await new Promise<string>((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(message.value!.toString()) });
  });
  await consumer.disconnect();
  return value;
}

describe.skipIf(missing !== null)(`the image${missing === null ? '' : `: ${missing}`}`, () => {
  test('is under 100 MB compressed', async () => {
    let bytes = 0;
    const count = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        done();
      },
    });
    await pipeline(spawn('docker', ['save', IMAGE]).stdout, createGzip(), count);
    expect(bytes).toBeLessThan(100e6);
  });

  test('is healthy within a second of its start, with a read-only root and without root rights', async () => {
    const id = await container(['--read-only', '-v', '/var/lib/kafka/data']);
    await vi.waitFor(async () => expect(await inspect(id, '{{.State.Health.Status}}')).toBe('healthy'), {
      timeout: 120_000,
      interval: 50,
    });
    const [started, checked] = (await inspect(id, '{{.State.StartedAt}}|{{(index .State.Health.Log 0).End}}')).split(
      '|',
    );
    const healthy = new Date(checked.replace(' +0000 UTC', 'Z').replace(' ', 'T'));
    expect(healthy.getTime() - new Date(started).getTime()).toBeLessThan(1000);
    expect(await mustRun('docker', ['exec', id, 'id', '-u'])).toBe('1000\n');
  });

  test('runs with the variables of an apache/kafka compose file', async () => {
    const id = await container([
      '-p',
      '127.0.0.1:29092:9092',
      ...variables({
        KAFKA_NODE_ID: '1',
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_LISTENERS: 'PLAINTEXT_HOST://0.0.0.0:9092,PLAINTEXT://:19092,CONTROLLER://:9093',
        KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT_HOST://127.0.0.1:29092,PLAINTEXT://broker:19092',
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
        KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:9093',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
        KAFKA_CREATE_TOPICS: 'orders:3:1,customers:1:1:compact',
        CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
      }),
    ]);
    await ready(id);
    expect(await roundTrip(['127.0.0.1:29092'])).toBe('hello');
    const kafka = new Kafka({ brokers: ['127.0.0.1:29092'], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    expect((await admin.describeCluster()).clusterId).toBe('4L6g3nShT-eMCtK--X86sw');
    const { topics } = await admin.fetchTopicMetadata({ topics: ['orders', 'customers'] });
    expect(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual({
      orders: 3,
      customers: 1,
    });
    await admin.disconnect();
  });

  test('runs with the variables of a confluentinc/cp-kafka compose file with ZooKeeper', async () => {
    const id = await container(
      [
        '-p',
        '127.0.0.1:29093:29093',
        ...variables({
          KAFKA_BROKER_ID: '1',
          KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181',
          KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
          KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:9092,PLAINTEXT_HOST://127.0.0.1:29093',
          KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
          KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR: '1',
          KAFKA_JMX_PORT: '9101',
        }),
      ],
      ['/etc/confluent/docker/run'],
    );
    await ready(id);
    expect(await roundTrip(['127.0.0.1:29093'])).toBe('hello');
    expect((await logsOf(id)).match(/without effect/g)).toHaveLength(1);
  });

  test('takes the settings of a mounted server.properties', async () => {
    const id = await container(
      ['-p', '127.0.0.1::9092'],
      ['sh', '-c', 'echo num.partitions=5 > /mnt/shared/config/server.properties; exec /etc/kafka/docker/run'],
    );
    await ready(id);
    const { stdout } = await runCommand('docker', ['exec', id, 'ottla', 'topics', 'create', 'five']);
    expect(stdout).toContain('5');
  });

  test('keeps what it acknowledged in its volume over a kill', async () => {
    const name = `ottla-test-${process.pid}`;
    onTestFinished(async () => void (await runCommand('docker', ['volume', 'rm', '--force', name])));
    const run = async () => {
      const id = await container([
        '-p',
        '127.0.0.1:29094:9092',
        '-v',
        `${name}:/var/lib/kafka/data`,
        ...variables({
          KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://127.0.0.1:29094',
          KAFKA_LISTENERS: 'PLAINTEXT://:9092',
        }),
      ]);
      await ready(id);
      return id;
    };
    const first = await run();
    await roundTrip(['127.0.0.1:29094']);
    await mustRun('docker', ['kill', first]);
    await removeContainer(first);
    await run();
    const admin = new Kafka({ brokers: ['127.0.0.1:29094'], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    expect((await admin.fetchTopicOffsets('greetings'))[0].high).toBe('1');
    await admin.disconnect();
  });
});

function variables(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
}
