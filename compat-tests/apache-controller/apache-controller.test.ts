/**
 * `npm run test:apache-controller`: brokers of Ottla under one KRaft controller of Apache Kafka, without any broker of Kafka's. What a
 * real controller takes for a broker is one. Needs Java; without it there is one test that says so.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KAFKA_CLUSTER_ID, runTool, startKafka, type RunningKafka } from '../../scripts/kafka/index.ts';
import { javaVersion } from '../brokers/kafka.ts';
import { freePort } from '../brokers/ports.ts';
import { OttlaProcess } from './ottla-process.ts';

const JAVA_MIN = 17;
const hasJava = (javaVersion() ?? 0) >= JAVA_MIN;
const POLLED = { timeout: 60_000, interval: 200 };

test.skipIf(hasJava)(`there is no Java ${JAVA_MIN} here`, () => {
  expect.fail('nothing was compared');
});

describe.skipIf(!hasJava)('under one controller of Apache Kafka', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-apache-controller-'));
  const brokers: OttlaProcess[] = [];
  let controllerPort: number;
  let controller: RunningKafka;

  async function startController(): Promise<void> {
    const jvm = ['-Xmx384m', '-Xms128m'];
    controller = await startKafka({
      dir: join(directory, 'controller'),
      port: controllerPort,
      role: 'controller',
      jvm,
      timeoutMs: 300_000, // a busy machine has three JVMs to share its time with
    });
  }

  function broker(nodeId: number, settings: Readonly<Record<string, string>> = {}): OttlaProcess {
    const made = new OttlaProcess(nodeId, join(directory, `broker-${nodeId}`), {
      'process.roles': 'broker',
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
      'offsets.topic.replication.factor': '1',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      ...settings,
    });
    brokers.push(made);
    return made;
  }

  let first: OttlaProcess;
  let second: OttlaProcess;

  beforeAll(async () => {
    controllerPort = await freePort();
    await startController();
    [first, second] = [broker(11), broker(12)];
    await first.start();
  });

  afterAll(async () => {
    await Promise.all(brokers.map((each) => each.kill()));
    await controller?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** What a tool says, asked at a broker; throws where it fails. */
  async function tool(name: string, at: OttlaProcess, ...args: string[]): Promise<string> {
    const server = ['--bootstrap-server', at.bootstrap];
    const { code, output } = await runTool(name, name === 'cluster' ? [...args, ...server] : [...server, ...args]);
    if (code !== 0) throw new Error(`${name} ${args.join(' ')} failed:\n${output}`);
    return output;
  }

  function client(at: OttlaProcess): Kafka {
    return new Kafka({ brokers: [at.bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
  }

  async function withProducer(at: OttlaProcess, run: (producer: Producer) => Promise<void>, transactionalId?: string) {
    const producer = client(at).producer(
      transactionalId === undefined
        ? { idempotent: true }
        : { transactionalId, idempotent: true, maxInFlightRequests: 1 },
    );
    await producer.connect();
    await run(producer);
    await producer.disconnect();
  }

  /** All values of a topic, as a group reads them. */
  async function consume(
    at: OttlaProcess,
    topic: string,
    count: number,
    groupId = `group-${topic}-${count}`,
  ): Promise<string[]> {
    const consumer = client(at).consumer({ groupId });
    const values: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void values.push(message.value!.toString()) });
    await expect.poll(() => values.length, POLLED).toBeGreaterThanOrEqual(count);
    await consumer.disconnect();
    return values.sort();
  }

  const values = (count: number, word = 'v'): string[] => Array.from({ length: count }, (_, i) => `${word}${i}`).sort();
  const messages = (count: number, word = 'v') => values(count, word).map((value) => ({ key: value, value }));

  test('a broker is registered and unfenced, and leads what kafka-topics makes', async () => {
    expect(await tool('cluster', first, 'list-endpoints')).toMatch(/^11 .* unfenced/m);
    await tool('topics', first, '--create', '--topic', 'one', '--partitions', '3', '--replication-factor', '1');
    expect((await tool('topics', first, '--describe', '--topic', 'one')).match(/Leader: 11/g)).toHaveLength(3);
    expect(await tool('metadata-quorum', first, 'describe', '--replication')).toMatch(/^11\s.*Observer/m);
  });

  test('clients produce and consume, in groups and in transactions', async () => {
    await withProducer(first, async (producer) => void (await producer.send({ topic: 'one', messages: messages(50) })));
    expect(await consume(first, 'one', 50)).toEqual(values(50));
    await withProducer(
      first,
      async (producer) => {
        for (const [word, isCommitted] of [
          ['kept', true],
          ['lost', false],
        ] as const) {
          const transaction = await producer.transaction();
          await transaction.send({ topic: 'transactions', messages: messages(3, word) });
          await (isCommitted ? transaction.commit() : transaction.abort());
        }
      },
      'writer',
    );
    expect(await consume(first, 'transactions', 3)).toEqual(values(3, 'kept'));
    await runTool('console-producer', ['--bootstrap-server', first.bootstrap, '--topic', 'java'], { input: 'a\nb\n' });
    const read = ['--topic', 'java', '--from-beginning', '--max-messages', '2', '--group', 'java-readers'];
    expect(await tool('console-consumer', first, ...read)).toContain('a\nb\n');
  });

  test('two brokers share the partitions, and each takes what changes the cluster', async () => {
    await second.start();
    await tool('topics', second, '--create', '--topic', 'two', '--partitions', '4', '--replication-factor', '1');
    const described = await tool('topics', first, '--describe', '--topic', 'two');
    expect([described.match(/Leader: 11/g)?.length, described.match(/Leader: 12/g)?.length]).toEqual([2, 2]);
    await tool(
      'configs',
      first,
      '--alter',
      '--entity-type',
      'topics',
      '--entity-name',
      'two',
      '--add-config',
      'retention.ms=86400000',
    );
    const configs = await tool('configs', second, '--describe', '--entity-type', 'topics', '--entity-name', 'two');
    expect(configs).toContain('retention.ms=86400000');
    await withProducer(
      second,
      async (producer) => void (await producer.send({ topic: 'two', messages: messages(100) })),
    );
    expect(await consume(first, 'two', 100)).toEqual(values(100));
  });

  test('a broker that is killed and started at once has all that it acknowledged', async () => {
    await second.kill();
    await second.start(); // once the controller has given up its former life
    expect(await consume(second, 'two', 100, 'after-a-kill')).toEqual(values(100));
    await withProducer(
      second,
      async (producer) => void (await producer.send({ topic: 'two', messages: messages(10, 'w') })),
    );
    expect(await consume(first, 'two', 110)).toHaveLength(110);
  });

  test('a controller that is killed is missed by nobody who reads and writes, and found again', async () => {
    process.kill(controller.pid, 'SIGKILL');
    await withProducer(
      first,
      async (producer) => void (await producer.send({ topic: 'one', messages: messages(10, 'x') })),
    );
    expect(await consume(first, 'one', 60)).toHaveLength(60);
    await expect.poll(() => first.output.match(/metadata-not-read/g)?.length, POLLED).toBe(1);
    await startController();
    await expect.poll(() => first.output, POLLED).toContain('metadata-read-again');
    await tool('topics', first, '--create', '--topic', 'three', '--partitions', '1');
    expect(await tool('topics', second, '--list')).toContain('three');
  });

  test('its copy of the metadata log is one that Kafka reads', async () => {
    const folder = join(first.logDirectory, '__cluster_metadata-0');
    const files = readdirSync(folder).map((name) => join(folder, name));
    const { code, output } = await runTool('dump-log', ['--cluster-metadata-decoder', '--files', files.join()]);
    expect([code, output.includes('"type":"REGISTER_BROKER_RECORD"'), output.includes('isvalid: false')]).toEqual([
      0,
      true,
      false,
    ]);
  });

  test('a broker that stops leaves the cluster first, and has its epoch in the marker', async () => {
    const epoch = Number(/registered node=12 epoch=(\d+)/.exec(second.output)![1]);
    const beganMs = performance.now();
    expect(await second.stop()).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(15_000);
    expect(second.output).not.toContain('controlled-shutdown-ended');
    expect(second.cleanShutdownMarker()).toEqual({ version: 0, brokerEpoch: epoch });
    expect(await tool('topics', first, '--describe', '--topic', 'two')).toMatch(/Partition: \d+\tLeader: none/);
    await second.start();
    await expect.poll(() => tool('topics', first, '--describe', '--topic', 'two'), POLLED).not.toContain('none');
    expect(await consume(second, 'two', 110, 'after-a-stop')).toHaveLength(110);
  });

  test('a node id that is in use ends the second process with one sentence', async () => {
    const taken = new OttlaProcess(11, join(directory, 'taken'), {
      'process.roles': 'broker',
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
      'broker.session.timeout.ms': '2000',
    });
    brokers.push(taken);
    await taken.launch();
    expect(await taken.exited()).toBe(1);
    expect(taken.output).toContain(`node.id 11 is in use by the broker at 127.0.0.1:${first.port}`);
  });

  test('the directory of another cluster ends the process with one sentence', async () => {
    const foreign = new OttlaProcess(13, join(directory, 'foreign'), {});
    brokers.push(foreign);
    await foreign.start(); // alone: a cluster of its own
    await foreign.stop();
    const joining = new OttlaProcess(13, join(directory, 'foreign'), {
      'process.roles': 'broker',
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    });
    brokers.push(joining);
    await joining.launch();
    expect(await joining.exited()).toBe(1);
    expect(joining.output).toMatch(new RegExp(`belong to cluster \\S+, the controllers to ${KAFKA_CLUSTER_ID}`));
  });
});
