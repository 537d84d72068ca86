/** Clusters whose brokers and controllers ask one another who they are: over TLS, with certificates, passwords, and both. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { connect } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { startController, type RunningController } from '../../src/broker/controller-process.ts';
import { combineSettings } from '../../src/config/settings.ts';
import { CertificateAuthority, type IssuedCertificate } from '../../src/credentials/certificate-authority.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { nodeFiles } from '../../src/platform/files.ts';
import { lineLogger } from '../../src/platform/logger.ts';
import { nodeNetwork } from '../../src/platform/network.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { STANDARD_AUTHORIZER } from '../../src/security/acls/open-authorizer.ts';

type Settings = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;
const ends: (() => unknown)[] = [];
const lines: string[] = [];
let authority: CertificateAuthority;
let node: IssuedCertificate;

beforeAll(async () => {
  authority = await CertificateAuthority.create(Date.now());
  const now = Date.now();
  const hosts = ['localhost', '127.0.0.1'];
  node = await authority.issue('node', { hosts, notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS });
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  lines.length = 0;
});

const logger = lineLogger(
  'info',
  (line) => void lines.push(line),
  () => 0,
);

function stores(): Settings {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': node.key,
    'ssl.keystore.certificate.chain': node.certificate,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': authority.certificate,
  };
}

/** The user `node` signs in at the others, which know it. */
function login(listener: string, mechanism: 'PLAIN' | 'SCRAM-SHA-256'): Settings {
  const module = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
  const users = mechanism === 'PLAIN' ? ' user_node="a secret" user_alice="hers"' : '';
  return {
    [`listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`]: `org.apache.kafka.common.security.${module} required username="node" password="a secret"${users};`,
  };
}

async function startControllerWith(settings: Settings): Promise<RunningController> {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-secured-'));
  const given = {
    'process.roles': 'controller',
    'node.id': '100',
    'log.dirs': directory,
    ...settings,
    listeners: 'CONTROLLER://127.0.0.1:0',
  };
  const controller = await startController({
    settings: combineSettings({ set: new Map(Object.entries(given)) }).values,
    platform: { files: nodeFiles, clock: systemClock, random: systemRandom, logger },
    network: nodeNetwork(),
    directory,
  });
  ends.push(async () => {
    await controller.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return controller;
}

async function joined(controller: RunningController, nodeId: number, settings: Settings): Promise<RunningBroker> {
  const broker = await startBroker({
    memory: true,
    logger,
    settings: {
      'process.roles': 'broker',
      'node.id': String(nodeId),
      'controller.quorum.bootstrap.servers': `${controller.address.host}:${controller.address.port}`,
      'offsets.topic.replication.factor': '3',
      'offsets.topic.num.partitions': '3',
      'group.initial.rebalance.delay.ms': '0',
      ...settings,
    },
  });
  ends.push(() => broker.stop());
  return broker;
}

/** Three brokers, and what clients do that goes from one to another: replicas, groups, forwarded requests. */
async function serve(settings: Settings, client: Omit<KafkaConfig, 'brokers'>): Promise<RunningBroker[]> {
  const controller = await startControllerWith(settings);
  const brokers = await Promise.all([1, 2, 3].map((id) => joined(controller, id, settings)));
  const kafka = new Kafka({
    brokers: brokers.map(({ bootstrap }) => bootstrap),
    logLevel: logLevel.NOTHING,
    ...client,
  });
  const admin = kafka.admin();
  await admin.connect();
  ends.push(() => admin.disconnect());
  await admin.createTopics({
    topics: [
      {
        topic: 'orders',
        numPartitions: 3,
        replicationFactor: 3,
        configEntries: [{ name: 'min.insync.replicas', value: '3' }],
      },
    ],
  });
  const producer = kafka.producer();
  await producer.connect();
  ends.push(() => producer.disconnect());
  const messages = Array.from({ length: 9 }, (_, at) => ({ value: String(at), partition: at % 3 }));
  await producer.send({ topic: 'orders', acks: -1, messages });
  const consumer = kafka.consumer({ groupId: 'billing' });
  await consumer.connect();
  ends.push(() => consumer.disconnect());
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        seen.push(String(message.value));
        if (seen.length === messages.length) resolve();
        return Promise.resolve();
      },
    });
  });
  expect(seen.toSorted()).toEqual(messages.map(({ value }) => value));
  return brokers;
}

describe('a cluster', () => {
  test('over TLS, where each shows its certificate', async () => {
    const settings = {
      ...stores(),
      listeners: 'SSL://127.0.0.1:0',
      'listener.security.protocol.map': 'SSL:SSL,CONTROLLER:SSL',
      'security.inter.broker.protocol': 'SSL',
      'ssl.client.auth': 'required',
      'ssl.principal.mapping.rules': 'RULE:^CN=([^,]*)$/$1/',
      'authorizer.class.name': STANDARD_AUTHORIZER,
      'super.users': 'User:node',
    };
    const own = { ca: [authority.certificate], cert: node.certificate, key: node.key };
    const [first] = await serve(settings, { ssl: own });
    const client = await connect({ host: '127.0.0.1', port: Number(first.bootstrap.split(':')[1]), tls: own });
    ends.push(() => client.close());
    const now = Date.now();
    const lifetime = { notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS };
    const alter = async (issued: IssuedCertificate): Promise<readonly [number, string | null]> => {
      const values = { key: issued.key, 'certificate.chain': issued.certificate, type: 'PEM' };
      const configs = Object.entries(values).map(([name, value]) => {
        return { name: `listener.name.ssl.ssl.keystore.${name}`, configOperation: 0, value };
      });
      const resources = [
        { resourceType: 4, resourceName: '1', configs },
        { resourceType: 2, resourceName: 'none', configs: [] },
      ];
      const { responses } = await client.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false });
      expect(responses.map(({ errorCode }) => errorCode)).toEqual([responses[0].errorCode, 3]);
      return [responses[0].errorCode, responses[0].errorMessage];
    };
    const other = await authority.issue('other', { hosts: ['localhost', '127.0.0.1'], ...lifetime });
    expect(await alter(other)).toEqual([42, expect.stringContaining('DistinguishedName does not match')]);
    expect(await alter(await authority.issue('node', { hosts: ['localhost', '127.0.0.1'], ...lifetime }))).toEqual([
      0,
      null,
    ]);
  });

  test('over TLS with passwords, by PLAIN at controllers and brokers', async () => {
    const settings = {
      ...stores(),
      ...login('controller', 'PLAIN'),
      ...login('sasl_ssl', 'PLAIN'),
      listeners: 'SASL_SSL://127.0.0.1:0',
      'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,CONTROLLER:SASL_SSL',
      'security.inter.broker.protocol': 'SASL_SSL',
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'sasl.mechanism.controller.protocol': 'PLAIN',
      'authorizer.class.name': STANDARD_AUTHORIZER,
      'super.users': 'User:node;User:alice',
    };
    const sasl = { mechanism: 'plain', username: 'alice', password: 'hers' } as const;
    await serve(settings, { ssl: { ca: [authority.certificate] }, sasl });
    expect(lines.filter((line) => line.includes('authentication-failed'))).toEqual([]);
  });

  test('by tokens: of an authority between brokers, and without a signature at controllers', async () => {
    const { SignJWT } = await import('jose');
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
    let given = 0;
    const provider = createServer((request, response) => {
      const isKnown =
        request.headers.authorization === `Basic ${Buffer.from('node-id:node-secret').toString('base64')}`;
      if (!isKnown) return void response.writeHead(401).end();
      given++;
      const now = Math.floor(Date.now() / 1000);
      void new SignJWT({ iss: 'https://login.example.org', aud: 'kafka', sub: 'node', iat: now, exp: now + 3600 })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .sign(keys.privateKey)
        .then((token) => response.end(JSON.stringify({ access_token: token })));
    });
    await new Promise<void>((resolve) => void provider.listen(0, '127.0.0.1', resolve));
    ends.push(() => provider.close());
    const { port } = provider.address() as { port: number };
    const module = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required';
    const ofBrokers = 'listener.name.sasl_plaintext.oauthbearer.sasl';
    const settings = {
      ...login('sasl_plaintext', 'PLAIN'),
      listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
      'listener.security.protocol.map': 'SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
      'security.inter.broker.protocol': 'SASL_PLAINTEXT',
      'sasl.enabled.mechanisms': 'OAUTHBEARER,PLAIN',
      'listener.name.controller.sasl.enabled.mechanisms': 'OAUTHBEARER',
      'sasl.mechanism.inter.broker.protocol': 'OAUTHBEARER',
      'sasl.mechanism.controller.protocol': 'OAUTHBEARER',
      [`${ofBrokers}.jaas.config`]: `${module} clientId="node-id" clientSecret="node-secret";`,
      [`${ofBrokers}.oauthbearer.token.endpoint.url`]: `http://127.0.0.1:${port}/token`,
      [`${ofBrokers}.oauthbearer.jwks.endpoint.url`]: `data:,${encodeURIComponent(JSON.stringify({ keys: [jwk] }))}`,
      [`${ofBrokers}.oauthbearer.expected.issuer`]: 'https://login.example.org',
      [`${ofBrokers}.oauthbearer.expected.audience`]: 'kafka',
      'listener.name.controller.oauthbearer.sasl.jaas.config': `${module} unsecuredLoginStringClaim_sub="node";`,
      'authorizer.class.name': STANDARD_AUTHORIZER,
      'super.users': 'User:node;User:alice',
    };
    const sasl = { mechanism: 'plain', username: 'alice', password: 'hers' } as const;
    await serve(settings, { sasl });
    expect(given).toBeGreaterThanOrEqual(3);
    expect(given).toBeLessThanOrEqual(6); // a token serves for many connections
    expect(lines.filter((line) => line.includes('authentication-failed'))).toEqual([]);
  });

  test('is not joined by a broker that does not know the password', async () => {
    const settings: Settings = {
      ...login('controller', 'PLAIN'),
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.controller.protocol': 'PLAIN',
      'initial.broker.registration.timeout.ms': '1500',
    };
    const controller = await startControllerWith(settings);
    const jaas = 'listener.name.controller.plain.sasl.jaas.config';
    const wrong = {
      ...settings,
      listeners: 'PLAINTEXT://127.0.0.1:0',
      [jaas]: settings[jaas].replace('password="a', 'password="no'),
    };
    await expect(joined(controller, 1, wrong)).rejects.toThrow(/controllers|metadata/);
    expect(lines.join('')).toMatch(/authentication-failed .*user=node/);
  });
});

test('a broker whose trust store does not trust its own certificate is refused', async () => {
  const stranger = await CertificateAuthority.create(Date.now(), 'another');
  const settings = {
    ...stores(),
    'ssl.truststore.certificates': stranger.certificate,
    listeners: 'SSL://127.0.0.1:0',
    'security.inter.broker.protocol': 'SSL',
  };
  const nowhere = { address: { host: '127.0.0.1', port: 1 } } as RunningController;
  await expect(joined(nowhere, 1, settings)).rejects.toThrow(
    'listener SSL: its trust store does not trust its own certificate (CN=node)',
  );
});

test.each([
  [
    { 'sasl.mechanism.inter.broker.protocol': 'OAUTHBEARER', 'sasl.enabled.mechanisms': 'PLAIN,OAUTHBEARER' },
    /oauthbearer\.sasl\.oauthbearer\.token\.endpoint\.url is not set, and .*has no unsecuredLoginStringClaim_sub/,
  ],
  [
    { 'sasl.mechanism.inter.broker.protocol': 'GSSAPI' },
    /brokers and controllers sign in at .*by PLAIN, SCRAM.*OAUTHBEARER/,
  ],
  [{ 'sasl.enabled.mechanisms': 'SCRAM-SHA-512' }, /PLAIN must be among sasl\.enabled\.mechanisms/],
  [login('sasl_plaintext', 'SCRAM-SHA-256'), /does not say who this broker is|has no users/],
  [{ 'security.inter.broker.protocol': 'SSL' }, /no listener has that protocol/],
])('settings that do not say how are refused: %o', async (given, words) => {
  const settings: Settings = {
    ...login('sasl_plaintext', 'PLAIN'),
    listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
    'security.inter.broker.protocol': 'SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    ...(given as Settings),
  };
  const without = { ...settings };
  if ('listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config' in without) {
    Reflect.deleteProperty(without, 'listener.name.sasl_plaintext.plain.sasl.jaas.config');
  }
  const nowhere = { address: { host: '127.0.0.1', port: 1 } } as RunningController;
  await expect(joined(nowhere, 1, without)).rejects.toThrow(words);
});
