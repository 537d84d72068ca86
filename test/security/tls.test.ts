/** Brokers that speak TLS: stores of every type, certificates of clients, what is told of what goes wrong, and large transfers. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as openSocket } from 'node:net';
import { connect as openTls, type ConnectionOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CreateTopics, Fetch, IncrementalAlterConfigs, Metadata, Produce } from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { plainClient, signIn } from '../../protocol/sasl/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { ListenerSettings } from '../../src/config/listener-settings.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { lineLogger, silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import * as tlsNetwork from '../../src/platform/tls-network.ts';
import { TlsListener } from '../../src/security/tls/listener.ts';
import { CertificateAuthority, type IssuedCertificate } from '../../src/credentials/certificate-authority.ts';

const DAY_MS = 86_400_000;
const HOSTS = ['localhost', '127.0.0.1'];
const ends: (() => unknown)[] = [];
let authority: CertificateAuthority;
let server: IssuedCertificate;

beforeAll(async () => {
  authority = await CertificateAuthority.create(Date.now());
  server = await issue('broker', { hosts: HOSTS });
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function issue(name: string, differing: { hosts?: readonly string[]; subject?: string; notAfterMs?: number } = {}) {
  const now = Date.now();
  return authority.issue(name, { notBeforeMs: now - 1000, notAfterMs: now + DAY_MS, ...differing });
}

const inline = ({ key, certificate }: IssuedCertificate) => ({
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.key': key,
  'ssl.keystore.certificate.chain': certificate,
});

async function start(settings: Readonly<Record<string, string>> = {}, protocol = 'SSL') {
  const lines: string[] = [];
  const broker = await startBroker({
    memory: true,
    settings: { listeners: `${protocol}://127.0.0.1:0`, ...inline(server), ...settings },
    logger: lineLogger(
      'info',
      (line) => void lines.push(line),
      () => 0,
    ),
  });
  ends.push(() => broker.stop());
  return { broker, port: portOf(broker), lines };
}

const portOf = (broker: RunningBroker): number => Number(broker.bootstrap.split(':')[1]);

async function dial(port: number, tls: ConnectionOptions = {}): Promise<Client> {
  const client = await connect({ host: '127.0.0.1', port, tls: { ca: authority.certificate, ...tls } });
  ends.push(() => client.close());
  return client;
}

const brokersSeenBy = async (client: Client) => (await client.send(Metadata, 9, { topics: [] })).brokers.length;

test.each([
  ['ssl.keymanager.algorithm', 'IbmX509', /IbmX509 is for Java, and has no effect here: leave it at SunX509$/],
  ['ssl.trustmanager.algorithm', 'SunX509', /leave it at PKIX$/],
  ['ssl.provider', 'SunJSSE', /remove it$/],
])("Java's own %s=%s is refused", async (key, value, complaint) => {
  await expect(start({ [key]: value })).rejects.toThrow(complaint);
});

test("Java's key managers are one here", async () => {
  await expect(start({ 'ssl.keymanager.algorithm': 'PKIX' })).resolves.toBeDefined();
});

test('each of several certificates of one subject that have signed themselves is trusted', async () => {
  const twins = ['a', 'b'].map((name) => readFileSync(new URL(`stores/twin-${name}.pem`, import.meta.url), 'utf8'));
  const { port } = await start({
    'ssl.client.auth': 'required',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': twins.map((pem) => pem.slice(pem.indexOf('-----BEGIN CERT'))).join(''),
  });
  for (const twin of twins) {
    const client = await dial(port, { key: twin, cert: twin });
    expect((await client.send(Metadata, 12, { topics: null })).brokers).toHaveLength(1);
  }
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('a client speaks %s', async (version) => {
  const { port } = await start({ 'ssl.enabled.protocols': version });
  expect(await brokersSeenBy(await dial(port, { minVersion: version, maxVersion: version }))).toBe(1);
  const other = version === 'TLSv1.2' ? 'TLSv1.3' : 'TLSv1.2';
  await expect(dial(port, { minVersion: other, maxVersion: other })).rejects.toThrow(/protocol version|alert/);
});

test('large requests and answers come whole, however many are under way', async () => {
  const { port } = await start({ 'message.max.bytes': '20000000' });
  const client = await dial(port);
  await client.send(CreateTopics, 7, {
    topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  });
  const sizes = [1, 100, 16_300, 16_384, 16_385, 40_000, 300_000, 5_000_000, 20, 1_000_000];
  const values = sizes.map((size, at) => Buffer.alloc(size, 97 + at));
  const produced = values.map((value) =>
    client.send(Produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: 't', partitionData: [{ index: 0, records: batchOf(value) }] }],
    }),
  );
  for (const { responses } of await Promise.all(produced)) {
    expect(responses[0].partitionResponses[0].errorCode).toBe(0);
  }
  const several = await Promise.all([dial(port), dial(port), dial(port)]);
  const read = await Promise.all(several.map((each) => fetchAll(each)));
  for (const records of read) {
    let at = 0;
    for (const value of values) {
      at = records.indexOf(value, at);
      expect(at).toBeGreaterThan(0);
    }
  }
});

function batchOf(value: Buffer): Buffer {
  return encodeBatch({
    baseOffset: 0,
    records: [{ timestamp: Date.now(), key: null, value, headers: [] }],
  });
}

async function fetchAll(client: Client): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let offset = 0; offset < 10;) {
    const { responses } = await client.send(Fetch, 12, {
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 50_000_000,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 50_000_000 }] }],
      forgottenTopicsData: [],
      rackId: '',
    });
    const bytes = Buffer.from(responses[0].partitions[0].records!);
    pieces.push(bytes);
    for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) offset++;
  }
  return Buffer.concat(pieces);
}

describe('certificates of clients', () => {
  const required = () => ({
    'ssl.client.auth': 'required',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': authority.certificate,
    'ssl.principal.mapping.rules': 'RULE:^CN=([^,]*),OU=Users.*$/$1/L,RULE:^CN=(.*)$/$1/',
  });
  const shownBy = ({ certificate, key }: IssuedCertificate) => ({ cert: certificate, key });

  test('make the principal, by the rules', async () => {
    const { broker, port } = await start(required());
    const client = await dial(port, shownBy(await issue('ALICE', { subject: 'O=Ottla,OU=Users,CN=ALICE' })));
    expect(await brokersSeenBy(client)).toBe(1);
    expect([...broker.listeners.connections()]).toHaveLength(1);
  });

  test('are demanded, and must be signed by one that is trusted', async () => {
    const { port, lines } = await start(required());
    const without = await connectOrFail(port, {});
    expect(without).toMatch(/certificate required|closed/i);
    const others = await CertificateAuthority.create(Date.now());
    const now = Date.now();
    const foreign = await others.issue('alice', { notBeforeMs: now - 1000, notAfterMs: now + DAY_MS });
    expect(await connectOrFail(port, shownBy(foreign))).toMatch(/closed|reset/i);
    const expired = await issue('alice', { notAfterMs: now - 500 });
    expect(await connectOrFail(port, shownBy(expired))).toMatch(/closed|reset/i);
    await expect.poll(() => lines.filter((line) => line.includes('authentication-failed')).length).toBe(3);
    expect(lines.join('')).toMatch(/its certificate is not trusted: (UNABLE_TO|SELF|DEPTH|CERT)/);
    expect(lines.join('')).toContain('CERT_HAS_EXPIRED');
  });

  test('are asked for and not demanded: who shows none is nobody, who shows a bad one is refused', async () => {
    const { port } = await start({ ...required(), 'ssl.client.auth': 'requested' });
    expect(await brokersSeenBy(await dial(port))).toBe(1);
    const others = await CertificateAuthority.create(Date.now());
    const foreign = await others.issue('alice', { notBeforeMs: Date.now() - 1000, notAfterMs: Date.now() + DAY_MS });
    expect(await connectOrFail(port, shownBy(foreign))).toMatch(/closed|reset/i);
  });

  test('whose subject cannot be read are refused', async () => {
    const layers = { static: new Map(Object.entries(inline(server))), cluster: new Map(), broker: new Map() };
    const needs = { clock: systemClock, logger: silentLogger, random: systemRandom, readFile: () => null };
    const listener = await TlsListener.open(new ListenerSettings(() => layers, 'SSL'), false, needs, tlsNetwork);
    const validTo = 'Dec 31 23:59:59 9999 GMT';
    expect(listener.principalOf({ raw: Buffer.from('3003020101', 'hex'), validTo })).toMatch(/subject cannot be read/);
  });

  test('that no rule fits are refused, and the log names them', async () => {
    const rules = { 'ssl.principal.mapping.rules': 'RULE:^CN=([^,]*),OU=Users.*$/$1/L' };
    const { port, lines } = await start({ ...required(), ...rules });
    expect(await connectOrFail(port, shownBy(await issue('bob')))).toMatch(/closed|reset/i);
    expect(lines.join('')).toContain(
      "no rule of ssl.principal.mapping.rules applies to its certificate's subject CN=bob",
    );
  });

  /** Why a request is not answered. */
  async function connectOrFail(port: number, tls: ConnectionOptions): Promise<string> {
    try {
      await brokersSeenBy(await dial(port, tls));
      return 'answered';
    } catch (error) {
      return (error as Error).message;
    }
  }
});

test('SASL_SSL: the user is SASL’s', async () => {
  const { port } = await start(
    {
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.sasl_ssl.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret";',
    },
    'SASL_SSL',
  );
  const client = await dial(port);
  await signIn(client, plainClient('alice', 'secret'), 2);
  expect(await brokersSeenBy(client)).toBe(1);
});

describe('what is no TLS, and what is not to be', () => {
  test('plain text on a port of TLS is closed without a byte, and the log says what it is', async () => {
    const { port, lines } = await start();
    const socket = openSocket(port, '127.0.0.1');
    socket.write(Buffer.from('00000014001200000000000100016300', 'hex'));
    const [received] = await bytesUntilClosed(socket);
    expect(received.length).toBe(0);
    expect(lines.join('')).toContain('it does not speak TLS: set security.protocol to SSL or SASL_SSL');
  });

  test('TLS on a port of plain text is closed, and the log says what it looks like', async () => {
    const lines: string[] = [];
    const broker = await startBroker({
      memory: true,
      settings: { listeners: 'PLAINTEXT://127.0.0.1:0' },
      logger: lineLogger(
        'info',
        (line) => void lines.push(line),
        () => 0,
      ),
    });
    ends.push(() => broker.stop());
    const socket = openTls({ port: portOf(broker), host: '127.0.0.1', rejectUnauthorized: false });
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/disconnected|reset|closed/);
    expect(lines.join('')).toContain('looks like TLS');
  });

  test('another handshake in an open connection is refused, and disturbs nobody', async () => {
    const thrown: unknown[] = [];
    const note = (error: unknown): void => void thrown.push(error);
    process.on('uncaughtExceptionMonitor', note);
    onTestFinished(() => void process.off('uncaughtExceptionMonitor', note));
    const { port } = await start();
    const client = await dial(port);
    const socket = openTls({ port, host: '127.0.0.1', ca: authority.certificate, maxVersion: 'TLSv1.2' });
    await once(socket, 'secureConnect');
    const refused = once(socket, 'error');
    socket.renegotiate({}, () => {});
    await expect(refused).resolves.toEqual([expect.objectContaining({ code: 'ERR_SSL_NO_RENEGOTIATION' })]);
    expect(await brokersSeenBy(client)).toBe(1);
    expect(thrown).toEqual([]);
  });

  test('a handshake that does not go on ends in time', async () => {
    const { port } = await start({ 'ottla.authentication.timeout.ms': '300' });
    const silent = openSocket(port, '127.0.0.1');
    const half = openSocket(port, '127.0.0.1');
    half.write(Buffer.from('160301020001', 'hex'));
    const [[, silentMs], [, halfMs]] = await Promise.all([bytesUntilClosed(silent), bytesUntilClosed(half)]);
    expect(Math.min(silentMs, halfMs)).toBeGreaterThan(200);
  });

  async function bytesUntilClosed(socket: ReturnType<typeof openSocket>): Promise<[Buffer, number]> {
    const begun = performance.now();
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', () => {});
    await once(socket, 'close');
    return [Buffer.concat(pieces), performance.now() - begun];
  }
});

test('a listener stops with connections in every state', async () => {
  const { broker, port } = await start();
  await dial(port);
  const half = openSocket(port, '127.0.0.1');
  half.on('error', () => {});
  await once(half, 'connect');
  half.write(Buffer.from('1603010200', 'hex'));
  await broker.stop();
  expect(broker.isWhole).toBe(true);
});

describe('stores are read again', () => {
  const shownAt = async (port: number): Promise<string> => {
    const socket = openTls({ port, host: '127.0.0.1', ca: authority.certificate });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return subject;
  };

  test('when their settings change, and connections stay', async () => {
    const { broker, port } = await start({ ...Object.fromEntries(inlineFor(server)), 'ssl.allow.dn.changes': 'true' });
    const client = await dial(port);
    const other = await issue('other', { hosts: HOSTS });
    expect(await alter(client, broker.parts.nodeId, inlineFor(other))).toBe(0);
    await expect.poll(() => shownAt(port)).toBe('CN=other');
    expect(await brokersSeenBy(client)).toBe(1);
  });

  test('when it is asked for, and those that cannot be used are not', async () => {
    const { writeFileSync, mkdtempSync } = await import('node:fs');
    const { join } = await import('node:path');
    const { tmpdir } = await import('node:os');
    const path = join(mkdtempSync(join(tmpdir(), 'ottla-tls-')), 'store.pem');
    const write = ({ key, certificate }: IssuedCertificate) => writeFileSync(path, `${key}${certificate}`);
    write(server);
    const broker = await startBroker({
      memory: true,
      settings: { listeners: 'SSL://127.0.0.1:0', 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': path },
    });
    ends.push(() => broker.stop());
    write(await issue('second', { hosts: HOSTS }));
    await broker.listeners.reloadStores();
    expect(await shownAt(portOf(broker))).toBe('CN=second');
    writeFileSync(path, 'nothing');
    await broker.listeners.reloadStores();
    expect(await shownAt(portOf(broker))).toBe('CN=second');
  });
});

const inlineFor = (issued: IssuedCertificate): [string, string][] =>
  Object.entries(inline(issued)).map(([key, value]) => [`listener.name.ssl.${key}`, value]);

/** Answers the error code. */
async function alter(client: Client, nodeId: number, values: readonly (readonly [string, string])[]): Promise<number> {
  const configs = values.map(([name, value]) => ({ name, configOperation: 0, value }));
  const { responses } = await client.send(IncrementalAlterConfigs, 1, {
    resources: [{ resourceType: 4, resourceName: String(nodeId), configs }],
    validateOnly: false,
  });
  return responses[0].errorCode;
}
