/** Every client that has a share consumer works through a queue: a record that is fine, one that comes again, one that is given up. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KafkaClient } from '@kafkats/client';
import { describe, expect, test } from 'vitest';
import { install } from '../../scripts/kafka/index.ts';
import { javaCommand } from '../../scripts/kafka/tools.ts';
import { matchers, startBroker, type TestBroker } from '../../src/testing/index.ts';
import { cache } from '../provide/cache.ts';
import { mustRun, versionOf } from '../provide/command.ts';
import { whyNoJava } from '../suites/java/driver.ts';
import { environment } from '../suites/python/suite.ts';

expect.extend(matchers);

const GROUP = 'workers';
const PATIENCE_MS = 120_000;
const DEAD = { name: 'dlq.jobs', configs: { 'errors.deadletterqueue.group.enable': 'true' } };
const noJava = await whyNoJava();
const python = await environment(['confluent-kafka==2.16.1']).catch(() => null);
const go = await versionOf('go', 'version');

type Client = (kafka: TestBroker, mode: string) => Promise<unknown>;

function queue(): Promise<TestBroker> {
  const configs = { 'share.auto.offset.reset': 'earliest', 'errors.deadletterqueue.topic.name': DEAD.name };
  return startBroker({ topics: ['jobs', DEAD], groups: { [GROUP]: configs }, leftovers: 'ignore' });
}

/** Each record says what becomes of it. True where all has come about. */
async function explicitly(client: Client, mode: string): Promise<boolean> {
  await using kafka = await queue();
  await kafka.produce('jobs', ['fine', 'again', 'poison']);
  await client(kafka, mode);
  await kafka.waitForQueue(GROUP, { backlog: 0, inFlight: 0 });
  expect(kafka).toHaveDeadLetter(DEAD.name, { headers: { '__dlq.errors.offset': '2' } });
  for (const offset of [0, 1]) expect(kafka).toHaveAcknowledged(GROUP, { topic: 'jobs', offset });
  expect(kafka).not.toHaveAcknowledged(GROUP, { topic: 'jobs', offset: 2 });
  expect(kafka).toHaveDelivered(GROUP, { topic: 'jobs', offset: 1, deliveries: 2 });
  return true;
}

/** What was handed out is accepted with what comes next, or at the end. */
async function implicitly(client: Client): Promise<boolean> {
  await using kafka = await queue();
  await kafka.produce('jobs', 'fine');
  await client(kafka, 'implicit');
  await kafka.waitForQueue(GROUP, { backlog: 0, inFlight: 0 });
  expect(kafka).toHaveAcknowledged(GROUP, { topic: 'jobs', offset: 0 });
  return true;
}

const nameOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

describe.skipIf(noJava !== null)(`Java's KafkaShareConsumer${noJava === null ? '' : ` (${noJava})`}`, () => {
  const java: Client = async ({ bootstrapServers }, mode) => {
    const { classpath } = await install();
    const options = ['-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Dorg.slf4j.simpleLogger.defaultLogLevel=off'];
    const asked = [...options, '-cp', classpath, nameOf('ShareDriver.java'), bootstrapServers, GROUP, 'jobs', mode];
    return mustRun(javaCommand(), asked, { timeoutMs: PATIENCE_MS });
  };

  test.each(['batch_optimized', 'record_limit', 'renew'])('explicitly: %s', async (mode) =>
    expect(await explicitly(java, mode)).toBe(true),
  );
  test('implicitly', async () => expect(await implicitly(java)).toBe(true));
});

describe.skipIf(python === null)('confluent-kafka for Python, over librdkafka', () => {
  const confluent: Client = ({ bootstrapServers }, mode) =>
    mustRun(python!, [nameOf('confluent_kafka_share.py'), bootstrapServers, GROUP, 'jobs', mode], {
      timeoutMs: PATIENCE_MS,
    });

  test('explicitly', async () => expect(await explicitly(confluent, 'explicit')).toBe(true));
  test('implicitly', async () => expect(await implicitly(confluent)).toBe(true));
});

describe.skipIf(go === null)('franz-go', () => {
  const franz: Client = async ({ bootstrapServers }, mode) => {
    const program = join(cache('go'), 'franz-go-share');
    const cwd = fileURLToPath(new URL('../suites/go/', import.meta.url));
    await mustRun('go', ['build', '-o', program, './franz-go-share'], { cwd });
    return mustRun(program, [bootstrapServers, GROUP, 'jobs', mode], { timeoutMs: PATIENCE_MS });
  };

  test.each(['batch_optimized', 'record_limit', 'renew'])('explicitly: %s', async (mode) =>
    expect(await explicitly(franz, mode)).toBe(true),
  );
  test('implicitly', async () => expect(await implicitly(franz)).toBe(true));
});

describe('@kafkats/client', () => {
  /** It accepts by itself what its handler does not refuse. */
  const kafkats: Client = async (kafka, mode) => {
    const client = new KafkaClient({ clientId: 'kafkats', brokers: kafka.bootstrapBrokers });
    await client.connect();
    const consumer = client.shareConsumer({ groupId: GROUP, maxWaitMs: 100 });
    const released = new Set<string>();
    const running = consumer.runEach('jobs', async (message) => {
      const value = String(message.value);
      if (mode === 'implicit' || value === 'fine') return;
      if (value === 'poison') return message.reject();
      if (released.has(value)) return message.ack();
      released.add(value);
      return message.release();
    });
    await kafka.waitForQueue(GROUP, { backlog: 0, inFlight: 0 }, { timeout: '60s' });
    await consumer.stop();
    await running;
    await client.disconnect();
  };

  test('explicitly', async () => expect(await explicitly(kafkats, 'explicit')).toBe(true));
  test('implicitly', async () => expect(await implicitly(kafkats)).toBe(true));
});
