/**
 * `npm run test:etcd`: processes on etcd that ask one another, and their clients, who they are. A leader is killed and all are restarted,
 * one after the other, while clients that have signed in produce, read, and are denied what they may not do.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CreateAcls } from '../../protocol/apis/30-create-acls.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { plainClient, signIn } from '../../protocol/sasl/client.ts';
import { ScramClient } from '../../protocol/sasl/scram-client.ts';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { toolClass } from '../../scripts/kafka/index.ts';
import { CertificateAuthority } from '../../src/credentials/certificate-authority.ts';
import { plainUsers } from '../../src/credentials/plain-users.ts';
import { STANDARD_AUTHORIZER } from '../../src/security/acls/open-authorizer.ts';
import { commandPath } from '../../test/bundled-command.ts';
import { freePort } from '../../test/crash/free-port.ts';
import { JavaDriver, whyNoJava } from '../suites/java/driver.ts';
import { OttlaProcesses, type ProcessAccess } from './processes.ts';
import { createReplicated, stateOf } from './replicas.ts';

type Settings = Readonly<Record<string, string>>;

const [found] = etcds();
const noJava = await whyNoJava();
const directory = mkdtempSync(join(tmpdir(), 'ottla-secured-'));
const NODES = [1, 2, 3] as const;
const DAY_MS = 86_400_000;
const POLLED = { timeout: 90_000, interval: 100 };
/** Processes start eighteen times in it, one after the other for the most part. */
const PATIENCE_MS = 400_000;
const CLUSTER_ID = '4L6g3nShT-eMCtK--X86sw';
const PASSWORDS = { node: 'of the processes', admin: 'of the administrator', alice: 'of alice' } as const;
const HOST = '127.0.0.1';
const SECURITY = 'org.apache.kafka.common.security';

/** How processes sign in at one another; clients do by SCRAM over TLS in any case. */
const KINDS = ['PLAIN', 'SCRAM-SHA-512', 'mTLS'] as const;
type Kind = (typeof KINDS)[number];

let authority: CertificateAuthority;
let stores: Settings;

/** Of the listener that clients come to, where all users are known by both mechanisms. */
const users = plainUsers(new Map(Object.entries(PASSWORDS)), { name: 'node', password: PASSWORDS.node });
const scram = `${SECURITY}.scram.ScramLoginModule required username="node" password="${PASSWORDS.node}";`;

function common(kind: Kind): Settings {
  const mechanism = kind === 'SCRAM-SHA-512' ? kind : 'PLAIN';
  const login = (listener: string): Settings => ({
    [`listener.name.${listener}.plain.sasl.jaas.config`]: users,
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: scram,
  });
  return {
    ...stores,
    ...login('clients'),
    ...login('internal'),
    ...login('controller'),
    'listener.security.protocol.map':
      kind === 'mTLS'
        ? 'CLIENTS:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL'
        : 'CLIENTS:SASL_SSL,INTERNAL:SASL_SSL,CONTROLLER:SASL_SSL',
    'inter.broker.listener.name': 'INTERNAL',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol': mechanism,
    'sasl.mechanism.controller.protocol': mechanism,
    'listener.name.internal.ssl.client.auth': kind === 'mTLS' ? 'required' : 'none',
    'listener.name.controller.ssl.client.auth': kind === 'mTLS' ? 'required' : 'none',
    'ssl.principal.mapping.rules': 'RULE:^CN=([^,]*)$/$1/',
    'authorizer.class.name': STANDARD_AUTHORIZER,
    'super.users': 'User:node;User:admin',
    'offsets.topic.num.partitions': '3',
    'default.replication.factor': '3',
  };
}

function access(): ProcessAccess {
  const internal = new Map<number, Promise<number>>();
  return {
    async settings(port) {
      const known = internal.get(port) ?? freePort();
      internal.set(port, known);
      const all = [
        `CLIENTS://${HOST}:${port}`,
        `INTERNAL://${HOST}:${await known}`,
        `CONTROLLER://${HOST}:${port + 1}`,
      ];
      return { listeners: all.join() };
    },
    async connect(port) {
      const client = await connect({ host: HOST, port, connectTimeoutMs: 2000, tls: { ca: authority.certificate } });
      await signIn(client, plainClient('admin', PASSWORDS.admin), 2);
      return client;
    },
  };
}

/** The first users of SCRAM, before the first start. */
function format(cluster: OttlaProcesses): void {
  mkdirSync(join(directory, 'files'), { recursive: true });
  for (const nodeId of NODES) {
    const file = join(directory, 'files', `${nodeId}.properties`);
    writeFileSync(file, `node.id=${nodeId}\nlog.dirs=${cluster.directoryOf(nodeId)}\n`);
    const first = Object.entries(PASSWORDS).flatMap(([name, password]) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${name},password=${password}]`,
    ]);
    execFileSync(process.execPath, [commandPath(), 'kafka-storage', 'format', '-t', CLUSTER_ID, '-c', file, ...first]);
  }
}

async function allow(client: Client): Promise<void> {
  const acl = (resourceType: number, resourceName: string, operation: number) => ({
    resourceType,
    resourceName,
    resourcePatternType: 3,
    principal: 'User:alice',
    host: '*',
    operation,
    permissionType: 3,
  });
  const creations = [acl(2, 'orders', 2), acl(3, '*', 3), acl(4, 'kafka-cluster', 12)];
  const { results } = await client.send(CreateAcls, 3, { creations });
  expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
}

/** kafkajs: an idempotent producer and a group's consumer that go on whatever happens, until `end`. */
class Traffic {
  readonly acknowledged: string[] = [];
  readonly seen = new Set<string>();
  readonly errors: unknown[] = [];
  readonly #kafka: Kafka;
  readonly #life = new AbortController();
  #running: Promise<void> | null = null;
  readonly #ends: (() => Promise<void>)[] = [];

  constructor(brokers: string[]) {
    this.#kafka = new Kafka({
      brokers,
      logLevel: logLevel.NOTHING,
      ssl: { ca: [authority.certificate] },
      sasl: { mechanism: 'scram-sha-512', username: 'alice', password: PASSWORDS.alice },
    });
  }

  async start(): Promise<void> {
    const producer = this.#kafka.producer({ idempotent: true });
    const consumer = this.#kafka.consumer({ groupId: 'billing' });
    await Promise.all([producer.connect(), consumer.connect()]);
    this.#ends.push(
      () => producer.disconnect(),
      () => consumer.disconnect(),
    );
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void this.seen.add(String(message.value)) });
    this.#running = this.#produce(producer);
  }

  async #produce(producer: ReturnType<Kafka['producer']>): Promise<void> {
    for (let serial = 0; !this.#life.signal.aborted; serial++) {
      const value = `value ${serial}`;
      await producer.send({ topic: 'orders', acks: -1, messages: [{ value }] }).then(
        () => this.acknowledged.push(value),
        (error: unknown) => this.errors.push(error),
      );
      await wait(10);
    }
  }

  async isDenied(): Promise<boolean> {
    const producer = this.#kafka.producer({ retry: { retries: 0 } });
    await producer.connect();
    try {
      return await producer.send({ topic: 'secret', messages: [{ value: 'x' }] }).then(
        () => false,
        (error: unknown) => /uthoriz/.test(String(error)),
      );
    } finally {
      await producer.disconnect();
    }
  }

  async stopProducing(): Promise<void> {
    this.#life.abort();
    await this.#running;
  }

  async end(): Promise<void> {
    await this.stopProducing();
    for (const each of this.#ends) await each();
  }
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(found === undefined)('a cluster whose processes sign in at one another', () => {
  let etcd: RunningEtcd;
  let cluster: OttlaProcesses | null = null;

  beforeAll(async () => {
    authority = await CertificateAuthority.create(Date.now());
    const now = Date.now();
    const lifetime = { notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS };
    const node = await authority.issue('node', { hosts: ['localhost', HOST], ...lifetime });
    stores = {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': node.key,
      'ssl.keystore.certificate.chain': node.certificate,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': authority.certificate,
    };
    etcd = await startEtcd({ program: found.path, directory: join(directory, 'etcd') });
  });
  afterEach(() => cluster?.stopAll());
  afterAll(() => etcd?.stop());

  const brokers = (all: OttlaProcesses): string[] => NODES.map((nodeId) => `${HOST}:${all.portOf(nodeId)}`);

  test.each(KINDS)(
    'by %s: a leader is killed, all are restarted, and nothing is lost',
    { timeout: PATIENCE_MS },
    async (kind) => {
      const prefix = `secured-${kind.toLowerCase()}`;
      const all = (cluster = new OttlaProcesses(etcd.endpoints, directory, prefix, common(kind), access()));
      format(all);
      await all.startAll(...NODES);
      await expect.poll(async () => (await all.unfenced()).length, POLLED).toBe(3);
      const admin = await all.connect(1);
      await allow(admin);
      await admin.close();
      await createReplicated(all, 'orders');
      await createReplicated(all, 'secret');
      const inSync = async (): Promise<number> => (await stateOf(all, 'orders'))?.isr.length ?? 0;
      await expect.poll(inSync, POLLED).toBe(3);

      const traffic = new Traffic(brokers(all));
      await traffic.start();
      try {
        const more = async (): Promise<void> => {
          const before = traffic.acknowledged.length;
          await expect.poll(() => traffic.acknowledged.length - before, POLLED).toBeGreaterThan(20);
        };
        await more();
        expect(await traffic.isDenied()).toBe(true);
        const { leader } = (await stateOf(all, 'orders'))!;
        all.signal(leader, 'SIGKILL');
        await more();
        await (
          await all.start(leader)
        ).ready;
        await expect.poll(inSync, POLLED).toBe(3);
        for (const nodeId of NODES) {
          expect(await all.stop(nodeId)).toBe(0);
          await (
            await all.start(nodeId)
          ).ready;
          await expect.poll(inSync, POLLED).toBe(3);
          await more();
        }
        expect(await traffic.isDenied()).toBe(true);
        await traffic.stopProducing();
        await expect.poll(() => traffic.acknowledged.filter((value) => !traffic.seen.has(value)), POLLED).toEqual([]);
        expect(traffic.errors).toEqual([]);
      } finally {
        await traffic.end();
      }
      await expectSignedIn(all);
      if (noJava === null) await expectJava(brokers(all).join());
    },
  );

  /** Nobody comes in with another password, and the processes themselves never failed to. */
  async function expectSignedIn(all: OttlaProcesses): Promise<void> {
    for (const { port, log } of all.running.values()) {
      const failed = log()
        .split('\n')
        .filter((line) => line.includes('authentication-failed') && !/ended the connection|closed/.test(line));
      expect(failed).toEqual([]);
      const client = await connect({ host: HOST, port, tls: { ca: authority.certificate } });
      const wrong = new ScramClient('SCRAM-SHA-512', { user: 'node', password: 'a guess' }, 'nonce');
      await expect(signIn(client, wrong, 2)).rejects.toThrow('Authentication failed');
      await client.close();
    }
  }

  async function expectJava(bootstrap: string): Promise<void> {
    const java = await JavaDriver.start(bootstrap);
    const file = join(directory, 'files', 'alice.properties');
    const properties = {
      'security.protocol': 'SASL_SSL',
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': authority.certificate.replaceAll('\n', '\\n'),
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': scram.replace('"node"', '"alice"').replace(PASSWORDS.node, PASSWORDS.alice),
    };
    writeFileSync(
      file,
      Object.entries(properties)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    const config = ['--bootstrap-server', bootstrap, '--command-config', file];
    try {
      const sent = await java.toolReading('by java\n', toolClass('console-producer'), '--topic', 'orders', ...config);
      expect([sent.exitCode, sent.output]).toEqual([0, []]);
    } finally {
      await java.stop();
    }
  }
});
