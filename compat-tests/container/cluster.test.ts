// examples/cluster/compose.yml, started as it stands: but for its ports, and for images that no registry is asked for.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePorts } from '../brokers/ports.ts';
import { mustRun, runCommand } from '../provide/command.ts';
import { etcdImage } from './etcd-image.ts';
import { IMAGE, whyNoImage } from './image.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/cluster/compose.yml', import.meta.url));
const POLLED = { timeout: 240_000, interval: 500 };

const compose = await composeCommand();
const missing = compose === null ? 'there is no docker compose' : await whyNoImage();

/** Its plugin, or the program that it was before. */
async function composeCommand(): Promise<string[] | null> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    if ((await runCommand(command[0], [...command.slice(1), 'version'])).code === 0) return command;
  }
  return null;
}

describe.skipIf(missing !== null)(`examples/cluster${missing === null ? '' : `: ${missing}`}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-compose-'));
  const file = join(directory, 'compose.yml');
  const project = `ottla-test-${process.pid}`;
  const run = (...args: string[]): Promise<string> =>
    mustRun(compose![0], [...compose!.slice(1), '-f', file, '-p', project, ...args]);
  let brokers: string[];

  beforeAll(async () => {
    const text = readFileSync(EXAMPLE, 'utf8');
    const [, etcd] = /image: (\S+etcd\S*)/.exec(text)!;
    const ports = await freePorts(3);
    brokers = ports.map((port) => `localhost:${port}`);
    const told = text.replace(/\b9([012])92\b/g, (_, at: string) => `${ports[Number(at)]}`);
    // The project is named below, and older programs know no name.
    const changed = told
      .replace(/^name: .*$/m, '')
      .replaceAll('image: ottla\n', `image: ${IMAGE}\n`)
      .replace(etcd, await etcdImage(etcd));
    writeFileSync(file, changed);
    await run('up', '-d');
  });

  afterAll(async () => {
    await run('down', '--volumes', '--timeout', '2');
    rmSync(directory, { recursive: true, force: true });
  });

  test('is three brokers that replicate, and serve a group', async () => {
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 20 } });
    const admin = kafka.admin();
    await vi.waitFor(async () => {
      await admin.connect();
      expect((await admin.describeCluster()).brokers.length).toBe(3);
    }, POLLED);
    await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 3 }], waitForLeaders: true });
    const described = await admin.fetchTopicMetadata({ topics: ['orders'] });
    expect(described.topics[0].partitions.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3]);

    const producer = kafka.producer();
    await producer.connect();
    const send = (from: number): Promise<unknown> =>
      producer.send({
        topic: 'orders',
        acks: -1,
        messages: Array.from({ length: 30 }, (_, at) => ({ key: `${from + at}`, value: `order ${from + at}` })),
      });
    await send(0);
    await send(30);

    const consumer = kafka.consumer({ groupId: 'kitchen' });
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    const read = new Set<string>();
    await consumer.run({ eachMessage: async ({ message }) => void read.add(message.value!.toString()) });
    await vi.waitFor(() => expect(read.size).toBe(60), POLLED);
    const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] });
    expect(topics[0].partitions.map(({ isr }) => isr.length)).toEqual([3, 3, 3]);
    await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
  });
});
