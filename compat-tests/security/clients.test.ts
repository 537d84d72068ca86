/** Clients that sign in: each with every mechanism that it has, over TLS and over plain text, and with certificates alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin, Producer as PlatformaticProducer, stringSerializers } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type Mechanism, type TestBroker } from '../../src/testing/index.ts';
import { librdkafka } from '../../test/clients/librdkafka.ts';
import { toolClass } from '../../scripts/kafka/index.ts';
import { JavaDriver, whyNoJava } from '../suites/java/driver.ts';

const noJava = await whyNoJava();

/** Who signs in, and how; without a mechanism the client's certificate says it. */
interface Way {
  readonly broker: 'SASL_SSL' | 'SASL_PLAINTEXT' | 'SSL';
  readonly mechanism?: Mechanism;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const PASSWORDS: readonly Way[] = (['SASL_SSL', 'SASL_PLAINTEXT'] as const).flatMap((broker) =>
  MECHANISMS.map((mechanism) => ({ broker, mechanism })),
);
const TOKENS: readonly Way[] = [
  { broker: 'SASL_SSL', mechanism: 'OAUTHBEARER' },
  { broker: 'SASL_PLAINTEXT', mechanism: 'OAUTHBEARER' },
];
const CERTIFICATES: readonly Way[] = [{ broker: 'SSL' }];

const brokers = new Map<Way['broker'], TestBroker>();
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'secured-clients-'));
  const acls = {
    alice: ['all topic orders', 'read group *', 'describe cluster', 'idempotent-write cluster'],
  };
  const users = { alice: 'her "password"' };
  const common = { topics: ['orders', 'secret'], acls, leftovers: 'ignore' } as const;
  brokers.set('SASL_SSL', await startBroker({ ...common, tls: true, users, oauth: true }));
  brokers.set('SASL_PLAINTEXT', await startBroker({ ...common, users, oauth: true }));
  const ssl = await startBroker({ ...common, tls: { clientAuth: 'required' } });
  brokers.set('SSL', ssl);
  await ssl.certificates.issue('alice');
});

afterAll(async () => {
  for (const broker of brokers.values()) await broker.stop();
  rmSync(directory, { recursive: true, force: true });
});

const choiceOf = ({ mechanism }: Way) => (mechanism === undefined ? {} : { mechanism });

/** What came, as alice, and that she may not write elsewhere. */
async function expectProduced({ broker }: Way, value: string): Promise<void> {
  const kafka = brokers.get(broker)!;
  const found = await kafka.waitForMessages('orders', (message) => message.value === value);
  expect(found.length).toBeGreaterThan(0);
  const produced = kafka.traffic.all.filter(({ api }) => api === 'Produce').at(-1);
  expect(produced?.principal).toBe('User:alice');
}

describe('kafkajs', () => {
  it.each([...PASSWORDS, ...TOKENS, ...CERTIFICATES])('%o', async (way) => {
    const kafka = brokers.get(way.broker)!;
    const client = new Kafka({
      ...kafka.clientOptions('alice', choiceOf(way)),
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const producer = client.producer();
    await producer.connect();
    const value = `kafkajs ${JSON.stringify(way)}`;
    await producer.send({ topic: 'orders', messages: [{ value }] });
    await expect(producer.send({ topic: 'secret', messages: [{ value }] })).rejects.toThrow(/uthoriz/);
    await producer.disconnect();
    await expectProduced(way, value);
  });
});

describe('@platformatic/kafka', () => {
  it.each([...PASSWORDS, ...TOKENS, ...CERTIFICATES])('%o', async (way) => {
    const kafka = brokers.get(way.broker)!;
    const { brokers: bootstrapBrokers, ssl, sasl } = kafka.clientOptions('alice', choiceOf(way));
    const login =
      sasl === undefined
        ? {}
        : 'username' in sasl
          ? { sasl: { mechanism: way.mechanism as 'PLAIN', username: sasl.username, password: sasl.password } }
          : { sasl: { mechanism: 'OAUTHBEARER' as const, token: (await sasl.oauthBearerProvider()).value } };
    const options = {
      clientId: 'platformatic',
      bootstrapBrokers,
      retries: 0,
      ...(ssl === undefined ? {} : { tls: ssl }),
      ...login,
    };
    const admin = new Admin(options);
    expect((await admin.listTopics()).toSorted()).toEqual(['orders']);
    await admin.close();
    const producer = new PlatformaticProducer({ ...options, serializers: stringSerializers });
    const value = `platformatic ${JSON.stringify(way)}`;
    await producer.send({ messages: [{ topic: 'orders', value }] });
    await producer.close();
    await expectProduced(way, value);
  });
});

describe.skipIf(librdkafka === null)('librdkafka', () => {
  it.each([...PASSWORDS, ...CERTIFICATES])('%o', async (way) => {
    const { KafkaJS } = librdkafka!;
    const kafka = brokers.get(way.broker)!;
    const { brokers: list, ssl, sasl } = kafka.clientOptions('alice', choiceOf(way));
    const client = new KafkaJS.Kafka({
      'bootstrap.servers': list.join(),
      'security.protocol': way.broker.toLowerCase(),
      ...(ssl === undefined ? {} : { 'ssl.ca.pem': ssl.ca[0] }),
      ...(ssl?.cert === undefined ? {} : { 'ssl.certificate.pem': ssl.cert, 'ssl.key.pem': ssl.key }),
      ...(sasl !== undefined && 'username' in sasl
        ? { 'sasl.mechanism': way.mechanism, 'sasl.username': sasl.username, 'sasl.password': sasl.password }
        : {}),
    });
    const producer = client.producer();
    await producer.connect();
    const value = `librdkafka ${JSON.stringify(way)}`;
    await producer.send({ topic: 'orders', messages: [{ value }] });
    await expect(producer.send({ topic: 'secret', messages: [{ value }] })).rejects.toThrow(/uthoriz/);
    await producer.disconnect();
    await expectProduced(way, value);
  });
});

describe.skipIf(noJava !== null)(`Apache Kafka's own clients${noJava === null ? '' : ` (${noJava})`}`, () => {
  let java: JavaDriver;
  beforeAll(async () => {
    java = await JavaDriver.start('127.0.0.1:1');
  });
  afterAll(() => java?.stop());

  it.each([...PASSWORDS, ...CERTIFICATES])('%o', async (way) => {
    const kafka = brokers.get(way.broker)!;
    const file = join(directory, `${way.broker}-${way.mechanism}.properties`);
    const { 'bootstrap.servers': bootstrap, ...properties } = kafka.properties('alice', choiceOf(way));
    const lines = Object.entries(properties).map(
      ([key, text]) => `${key}=${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    );
    writeFileSync(file, `${lines.join('\n')}\n`);
    const config = ['--bootstrap-server', bootstrap, '--command-config', file];
    const value = `java ${JSON.stringify(way)}`;
    const sent = await java.toolReading(`${value}\n`, toolClass('console-producer'), '--topic', 'orders', ...config);
    expect([sent.exitCode, sent.output]).toEqual([0, expect.any(Array)]);
    await expectProduced(way, value);
    const read = ['--topic', 'orders', '--from-beginning', '--timeout-ms', '8000', '--group', 'java'];
    const seen = await java.tool(toolClass('console-consumer'), ...read, ...config);
    expect(seen.output).toContain(value);
    const listed = await java.tool(toolClass('topics'), '--list', ...config);
    expect(listed.output.filter((line) => !line.includes('WARN'))).toEqual(['orders']);
  });
});
