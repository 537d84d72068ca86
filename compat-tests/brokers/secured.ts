/**
 * Both brokers with listeners that ask who is there, beside the plain one: for clients' own tests that sign in. Either has the same
 * certificate, the same users, and Kafka's authorizer, which lets everybody do what no ACL is about.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlterUserScramCredentials } from '../../protocol/apis/51-alter-user-scram-credentials.ts';
import { connect } from '../../protocol/client.ts';
import { SCRAM_MECHANISMS, type ScramMechanism } from '../../protocol/sasl/scram.ts';
import { KAFKA_VERSION, startKafka } from '../../scripts/kafka/index.ts';
import { CertificateAuthority } from '../../src/credentials/certificate-authority.ts';
import { plainUsers, plainUsersKey } from '../../src/credentials/plain-users.ts';
import { scramUpsertion } from '../../src/credentials/scram-upsertion.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { STANDARD_AUTHORIZER } from '../../src/security/acls/open-authorizer.ts';
import { until } from '../differential/warm-up.ts';
import { javaVersion, NoKafka } from './kafka.ts';
import { startOttla } from './ottla.ts';
import { SETTINGS, type Peer, type SignIn } from './peer.ts';
import { freePorts } from './ports.ts';

/** Who signs in where a test does not say who. */
export const ALICE = { name: 'alice', password: 'secret-of-alice' } as const;

/** Those of kafka-go's tests: it has them written down, and each knows one mechanism. */
const PLAIN_USERS = new Map<string, string>([
  [ALICE.name, ALICE.password],
  ['adminplain', 'admin-secret'],
]);
const SCRAM_USERS: readonly [ScramMechanism, string, string][] = [
  ['SCRAM-SHA-256', ALICE.name, ALICE.password],
  ['SCRAM-SHA-512', ALICE.name, ALICE.password],
  ['SCRAM-SHA-256', 'adminscram256', 'admin-secret-256'],
  ['SCRAM-SHA-512', 'adminscram512', 'admin-secret-512'],
];
const ITERATIONS = 4096;
const DAY_MS = 86_400_000;
/** On a busy machine. */
const START_MS = 300_000;
const HOST = '127.0.0.1';

/** @throws NoKafka without Java: that in a container is not told so much */
export async function securedPeers(directory: string): Promise<Peer[]> {
  if (javaVersion() === null)
    throw new NoKafka('Clients sign in at an Apache Kafka from Maven, which needs Java 17 or later.');
  mkdirSync(directory, { recursive: true });
  const stores = await writeStores(directory);
  const [controllerPort, ...ports] = await freePorts(7);
  const [kafka, own] = [places(ports.slice(0, 3)), places(ports.slice(3))];
  const controller = `CONTROLLER://${HOST}:${controllerPort}`;
  const [running, ottla] = await Promise.all([
    startKafka({
      dir: join(directory, 'kafka'),
      port: kafka.port,
      controllerPort,
      timeoutMs: START_MS,
      config: { ...settings(kafka, stores), listeners: `${kafka.listeners},${controller}` },
    }),
    startOttla(join(directory, 'ottla'), settings(own, stores)),
  ]);
  const peers = [
    { ...running, title: `Apache Kafka ${KAFKA_VERSION} (from Maven)`, signIn: kafka.signIn(stores.authority) },
    { ...ottla, signIn: own.signIn(stores.authority) },
  ];
  await Promise.all(peers.map(({ bootstrap }) => addUsers(Number(bootstrap.split(':')[1]))));
  return peers;
}

interface Places {
  readonly port: number;
  readonly listeners: string;
  signIn(authority: string): SignIn;
}

function places([plain, saslPlaintext, saslSsl]: readonly number[]): Places {
  const at = (port: number): string => `${HOST}:${port}`;
  return {
    port: plain,
    listeners: `PLAINTEXT://${at(plain)},SASL_PLAINTEXT://${at(saslPlaintext)},SASL_SSL://${at(saslSsl)}`,
    signIn: (authority) => ({ authority, saslPlaintext: at(saslPlaintext), saslSsl: at(saslSsl) }),
  };
}

interface Stores {
  /** Paths of PEM files. */
  readonly broker: string;
  readonly authority: string;
}

async function writeStores(directory: string): Promise<Stores> {
  const nowMs = Date.now();
  const authority = await CertificateAuthority.create(nowMs);
  const { certificate, key } = await authority.issue('broker', {
    hosts: [HOST, 'localhost'],
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + DAY_MS,
  });
  const stores = { broker: join(directory, 'broker.pem'), authority: join(directory, 'authority.pem') };
  writeFileSync(stores.broker, key + certificate);
  writeFileSync(stores.authority, authority.certificate);
  return stores;
}

function settings({ listeners }: Places, { broker, authority }: Stores): Record<string, string> {
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const logins = ['SASL_PLAINTEXT', 'SASL_SSL'].flatMap((name): [string, string][] => [
    [plainUsersKey(name), plainUsers(PLAIN_USERS)],
    ...Object.keys(SCRAM_MECHANISMS).map((mechanism): [string, string] => [
      `listener.name.${name.toLowerCase()}.${mechanism.toLowerCase()}.sasl.jaas.config`,
      scram,
    ]),
  ]);
  return {
    ...SETTINGS,
    // As librdkafka starts brokers for its tests.
    'num.partitions': '4',
    'group.share.min.record.lock.duration.ms': '1000',
    listeners,
    'advertised.listeners': listeners,
    // So that clients sign in again in open connections.
    'connections.max.reauth.ms': '10000',
    'sasl.enabled.mechanisms': ['PLAIN', ...Object.keys(SCRAM_MECHANISMS)].join(),
    ...Object.fromEntries(logins),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': broker,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': authority,
    'authorizer.class.name': STANDARD_AUTHORIZER,
    'allow.everyone.if.no.acl.found': 'true',
    'super.users': 'User:ANONYMOUS',
  };
}

async function addUsers(port: number): Promise<void> {
  const client = await connect({ host: HOST, port });
  for (const [mechanism, name, password] of SCRAM_USERS) {
    const upsertion = scramUpsertion(mechanism, { name, password, iterations: ITERATIONS }, systemRandom);
    await until(async () => {
      const asked = { deletions: [], upsertions: [upsertion] };
      return (await client.send(AlterUserScramCredentials, 0, asked)).results[0].errorCode === 0;
    });
  }
  await client.close();
}
