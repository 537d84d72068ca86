/**
 * Java's own clients that sign in (SecuredCases.java): by every mechanism, over TLS and in plain text, with stores of every kind, by a
 * certificate, by a delegation token. Each produces, reads in a group of both protocols, transacts, is denied, and signs in again three times.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install } from '../../scripts/kafka/index.ts';
import { CertificateAuthority } from '../../src/credentials/certificate-authority.ts';
import { startBroker, type Mechanism, type TestBroker } from '../../src/testing/index.ts';
import { runCommand } from '../provide/command.ts';
import { compiled } from '../provide/java.ts';
import { whyNoJava } from '../suites/java/driver.ts';

const noJava = await whyNoJava();
const SOURCE = fileURLToPath(new URL('SecuredCases.java', import.meta.url));
const FLAGS = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.apache.logging.log4j.level=OFF'];
const PATIENCE_MS = 400_000;
/** Java signs in again when 85 to 95 % of it are over. */
const SESSION_MS = 1500;
const OAUTH = 'org.apache.kafka.common.security.oauthbearer';

type Protocol = 'SASL_SSL' | 'SASL_PLAINTEXT' | 'SSL';

interface Way {
  readonly broker: Protocol;
  readonly mechanism?: Mechanism;
  readonly stores?: 'JKS' | 'PKCS12';
  /** Signs in by a delegation token and this mechanism, once it has one. */
  readonly token?: 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
const WAYS: readonly Way[] = [
  ...(['SASL_SSL', 'SASL_PLAINTEXT'] as const).flatMap((broker) =>
    MECHANISMS.map((mechanism): Way => ({ broker, mechanism })),
  ),
  { broker: 'SASL_SSL', mechanism: 'SCRAM-SHA-512', stores: 'JKS' },
  { broker: 'SASL_SSL', mechanism: 'PLAIN', stores: 'PKCS12' },
  { broker: 'SASL_SSL', mechanism: 'PLAIN', token: 'SCRAM-SHA-256' },
  { broker: 'SASL_PLAINTEXT', mechanism: 'SCRAM-SHA-256', token: 'SCRAM-SHA-512' },
  { broker: 'SSL' },
  { broker: 'SSL', stores: 'JKS' },
  { broker: 'SSL', stores: 'PKCS12' },
];

const nameOf = ({ broker, mechanism, stores, token }: Way): string =>
  [broker, mechanism, stores, token === undefined ? undefined : `token-${token}`].filter(Boolean).join('-');

const isSasl = ({ broker }: Way): boolean => broker.startsWith('SASL');

/** What comes of each case: a text, or how it begins. */
function expectedOf(way: Way): Record<string, unknown> {
  const { broker, mechanism, token } = way;
  const text = (pattern: RegExp): unknown => expect.stringMatching(pattern);
  const all: Record<string, unknown> = {
    produce: 'sent',
    'consume in a classic group': 'read',
    'consume in a consumer group': 'read',
    transaction: 'committed 1',
    'denied topic': text(/^TopicAuthorizationException: .*secret/),
    'denied group': text(/^GroupAuthorizationException: .*forbidden/),
    'denied creation': text(/^TopicAuthorizationException/),
  };
  if (token !== undefined) all['delegation token'] = 'of User:alice';
  if (broker.endsWith('SSL')) all['untrusted broker'] = text(/^SslAuthenticationException/);
  if (isSasl(way)) all['sign in again'] = '3 times, 0 failed';
  if (mechanism !== 'OAUTHBEARER') {
    all['wrong credentials'] = text(isSasl(way) ? /^SaslAuthenticationException/ : /^SslAuthenticationException/);
  }
  return all;
}

describe.skipIf(noJava !== null)(`Apache Kafka's own clients${noJava === null ? '' : ` (${noJava})`}`, () => {
  const brokers = new Map<Protocol, TestBroker>();
  const outcomes = new Map<string, string>();
  const directory = mkdtempSync(join(tmpdir(), 'secured-java-'));
  let stranger = '';

  beforeAll(async () => {
    const common = {
      topics: ['orders', 'secret'],
      acls: {
        alice: [
          'all topic orders',
          'read group java-*',
          'all transactional-id java-*',
          'describe cluster',
          'idempotent-write cluster',
        ],
      },
      settings: { 'connections.max.reauth.ms': SESSION_MS, 'delegation.token.secret.key': 'of all brokers' },
      leftovers: 'ignore',
    } as const;
    const users = { alice: 'her "password" \\ ü' };
    brokers.set('SASL_SSL', await startBroker({ ...common, tls: true, users, oauth: true }));
    brokers.set('SASL_PLAINTEXT', await startBroker({ ...common, users, oauth: true }));
    const ssl = await startBroker({ ...common, tls: { clientAuth: 'required' } });
    brokers.set('SSL', ssl);
    await ssl.certificates.issue('alice');
    stranger = (await CertificateAuthority.create(Date.now(), 'another')).certificate;
    for (const way of WAYS) write(way);
    await run();
  }, PATIENCE_MS);

  afterAll(async () => {
    for (const broker of brokers.values()) await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const tokenFile = (way: Way): string => join(directory, 'tokens', `${way.broker}.jwt`);

  function write(way: Way): void {
    const { broker: protocol, mechanism, stores, token } = way;
    const kafka = brokers.get(protocol)!;
    const properties = {
      ...kafka.properties('alice', mechanism === undefined ? {} : { mechanism }),
      ...(mechanism === 'OAUTHBEARER' ? oauth(way, kafka) : {}),
      ...(stores === undefined ? {} : { 'case.stores': stores }),
      ...(token === undefined ? {} : { 'case.token': token }),
      ...(mechanism === 'OAUTHBEARER' ? {} : { 'case.wrong': 'true' }),
      ...(protocol.endsWith('SSL') ? { 'case.untrusted': stranger } : {}),
      ...(isSasl(way) ? { 'case.reauthenticates': 'true' } : {}),
    };
    const lines = Object.entries(properties).map(
      ([key, text]) => `${key}=${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    );
    writeFileSync(join(directory, `${nameOf(way)}.properties`), `${lines.join('\n')}\n`);
  }

  /** Java has tokens from a file, or from a server that gives them. */
  function oauth(way: Way, kafka: TestBroker): Record<string, string> {
    mkdirSync(join(directory, 'tokens'), { recursive: true });
    writeFileSync(tokenFile(way), kafka.oauth.token('alice'));
    return {
      'sasl.login.callback.handler.class': `${OAUTH}.OAuthBearerLoginCallbackHandler`,
      'sasl.oauthbearer.token.endpoint.url': pathToFileURL(tokenFile(way)).href,
    };
  }

  async function run(): Promise<void> {
    const classpath = await compiled([SOURCE], (await install()).jars);
    const files = WAYS.filter(({ mechanism }) => mechanism === 'OAUTHBEARER').map(tokenFile);
    const allowed = [
      `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${files.map((file) => pathToFileURL(file).href).join()}`,
      `-Dorg.apache.kafka.sasl.oauthbearer.allowed.files=${files.join()}`,
    ];
    const args = [...FLAGS, ...allowed, '-cp', classpath, 'SecuredCases', directory];
    const { code, stdout, stderr } = await runCommand('java', args, { timeoutMs: PATIENCE_MS });
    for (const line of stdout.split('\n')) {
      const [way, name, outcome] = line.split('\t');
      if (outcome !== undefined) outcomes.set(`${way}: ${name}`, outcome);
    }
    expect({ code, said: code === 0 ? '' : stderr.slice(-2000) }).toEqual({ code: 0, said: '' });
  }

  test.each(WAYS.map((way) => [nameOf(way), way] as const))('%s', (name, way) => {
    const expected = expectedOf(way);
    const seen = Object.fromEntries(Object.keys(expected).map((one) => [one, outcomes.get(`${name}: ${one}`)]));
    expect(seen).toEqual(expected);
  });
});
