/** Stores of a listener that are changed while the broker runs: tried first, and refused in Kafka's words. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as openTls } from 'node:tls';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { AlterConfigs, ApiVersions, IncrementalAlterConfigs } from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { ConfigError } from '../../src/config/definition.ts';
import { CertificateAuthority, type IssuedCertificate } from '../../src/credentials/certificate-authority.ts';
import { lineLogger } from '../../src/platform/logger.ts';
import { StoreChanges, type StoresInUse } from '../../src/security/tls/store-changes.ts';

type Settings = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;
const PREFIX = 'listener.name.ssl.';
const LOCATION = `${PREFIX}ssl.keystore.location`;
const ends: (() => unknown)[] = [];
let authority: CertificateAuthority;
let directory: string;
let path: string;

beforeAll(async () => {
  authority = await CertificateAuthority.create(Date.now());
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function issue(name: string, hosts: readonly string[] = ['localhost', '127.0.0.1']): Promise<IssuedCertificate> {
  const now = Date.now();
  return authority.issue(name, { hosts, notBeforeMs: now - 1000, notAfterMs: now + DAY_MS });
}

function write(file: string, { key, certificate }: IssuedCertificate): string {
  writeFileSync(join(directory, file), `${key}${certificate}`);
  return join(directory, file);
}

interface Started {
  readonly broker: RunningBroker;
  readonly client: Client;
  readonly lines: string[];
}

/** With a file as its key store, which shows CN=broker. */
async function start(settings: Settings = {}): Promise<Started> {
  directory = mkdtempSync(join(tmpdir(), 'ottla-stores-'));
  path = write('broker.pem', await issue('broker'));
  const lines: string[] = [];
  const broker = await startBroker({
    memory: true,
    settings: { listeners: 'SSL://127.0.0.1:0', [`${PREFIX}ssl.keystore.type`]: 'PEM', [LOCATION]: path, ...settings },
    logger: lineLogger(
      'info',
      (line) => void lines.push(line),
      () => 0,
    ),
  });
  const client = await connect({ host: '127.0.0.1', port: portOf(broker), tls: { ca: authority.certificate } });
  ends.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => broker.stop(),
    () => client.close(),
  );
  return { broker, client, lines };
}

const portOf = (broker: RunningBroker): number => Number(broker.bootstrap.split(':')[1]);

/** The certificate that new connections are shown. */
async function shownAt(broker: RunningBroker) {
  const socket = openTls({
    port: portOf(broker),
    host: '127.0.0.1',
    ca: authority.certificate,
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate()!;
  socket.destroy();
  return certificate;
}

async function alter(
  { broker, client }: Started,
  values: Readonly<Record<string, string | null>>,
  validateOnly = false,
): Promise<[number, string | null]> {
  const configs = Object.entries(values).map(([name, value]) => ({
    name,
    configOperation: value === null ? 1 : 0,
    value,
  }));
  const { responses } = await client.send(IncrementalAlterConfigs, 1, {
    resources: [{ resourceType: 4, resourceName: String(broker.parts.nodeId), configs }],
    validateOnly,
  });
  return [responses[0].errorCode, responses[0].errorMessage];
}

const FAILED = 'Validation of dynamic config update of SSLFactory failed: ';
const INVALID_REQUEST = 42;

test('a certificate of the same name replaces the one before, and connections stay', async () => {
  const started = await start();
  const next = await issue('broker', ['localhost', '127.0.0.1', 'kafka.example.org']);
  expect(await alter(started, { [LOCATION]: write('next.pem', next) })).toEqual([0, null]);
  await expect.poll(async () => (await shownAt(started.broker)).subjectAltName).toContain('kafka.example.org');
  expect(await alter(started, { 'log.cleaner.threads': '2' })).toEqual([0, null]);
});

test('the same value has the file read again, where that is another now', async () => {
  const started = await start();
  const before = (await shownAt(started.broker)).serialNumber;
  write('broker.pem', await issue('broker'));
  expect(await alter(started, { [LOCATION]: path }, true)).toEqual([0, null]);
  expect((await shownAt(started.broker)).serialNumber).toBe(before);
  expect(await alter(started, { [LOCATION]: path })).toEqual([0, null]);
  await expect.poll(async () => (await shownAt(started.broker)).serialNumber).not.toBe(before);
});

test('what clients have to show can change, and counts for those that connect from then on', async () => {
  const started = await start({
    [`${PREFIX}ssl.truststore.type`]: 'PEM',
    [`${PREFIX}ssl.truststore.certificates`]: authority.certificate,
  });
  const { broker, client } = started;
  const own = await issue('alice');
  const isServed = async (tls: Parameters<typeof connect>[0]['tls']): Promise<boolean> => {
    try {
      const other = await connect({ host: '127.0.0.1', port: portOf(broker), tls });
      const answered = await other.send(ApiVersions, 0, {}).then(
        () => true,
        () => false,
      );
      await other.close();
      return answered;
    } catch {
      return false;
    }
  };
  const nobody = { ca: authority.certificate };
  const alice = { ...nobody, cert: own.certificate, key: own.key };
  expect(await isServed(nobody)).toBe(true);
  expect(broker.listeners.people.kind).toBe('anybody');
  const [code, message] = await alter(started, { [`${PREFIX}ssl.client.auth`]: 'maybe' });
  expect([code, message]).toEqual([expect.any(Number), expect.stringContaining('ssl.client.auth')]);
  expect(code).not.toBe(0);
  expect(await alter(started, { [`${PREFIX}ssl.client.auth`]: 'required' })).toEqual([0, null]);
  await expect.poll(() => isServed(nobody)).toBe(false);
  expect(await isServed(alice)).toBe(true);
  expect(broker.listeners.people.kind).toBe('nobody'); // the broker's page lets in whom the listener would
  expect(await alter(started, { 'log.cleaner.threads': '2' })).toEqual([0, null]); // the connection from before
  expect(client.isClosed).toBe(false);
  expect(await alter(started, { [`${PREFIX}ssl.client.auth`]: null })).toEqual([0, null]);
  await expect.poll(() => isServed(nobody)).toBe(true);
  expect(broker.listeners.people.kind).toBe('anybody');
});

test.each<
  [
    string,
    Settings,
    (issued: (name: string, hosts?: readonly string[]) => Promise<string>) => Promise<Settings>,
    RegExp,
  ]
>([
  [
    'another name',
    {},
    async (issued) => ({ [LOCATION]: await issued('other') }),
    /Keystore DistinguishedName does not match: +existing=\{alias=kafka, DN=CN=broker\}, new=\{alias=kafka, DN=CN=other\}$/,
  ],
  [
    'fewer names of hosts',
    {},
    async (issued) => ({ [LOCATION]: await issued('broker', ['localhost']) }),
    /Keystore SubjectAltNames do not match: .*existing=\{alias=kafka, SAN=\[\[2, localhost\], \[7, 127\.0\.0\.1\]\]\}, new=\{alias=kafka, SAN=\[\[2, localhost\]\]\}$/,
  ],
  ['a file that is not there', {}, () => Promise.resolve({ [LOCATION]: '/nowhere.pem' }), /there is no such file$/],
  [
    'a trust store where there was none',
    {},
    () =>
      Promise.resolve({
        [`${PREFIX}ssl.truststore.type`]: 'PEM',
        [`${PREFIX}ssl.truststore.certificates`]: authority.certificate,
      }),
    /Cannot add SSL truststore to an existing listener for which no truststore was configured\.$/,
  ],
  [
    'an unknown cipher',
    {},
    () => Promise.resolve({ [`${PREFIX}ssl.cipher.suites`]: 'ROT13' }),
    /there is no cipher ROT13/,
  ],
])('%s is refused, and the store from before serves on', async (_what, settings, change, words) => {
  const started = await start(settings);
  const before = (await shownAt(started.broker)).serialNumber;
  const values = await change(async (name, hosts) => write('next.pem', await issue(name, hosts)));
  for (const validateOnly of [true, false]) {
    const [code, message] = await alter(started, values, validateOnly);
    expect([code, message]).toEqual([INVALID_REQUEST, expect.stringMatching(words)]);
    expect(message).toContain(FAILED);
  }
  expect((await shownAt(started.broker)).serialNumber).toBe(before);
  expect(started.lines.join('')).not.toContain('stores-not-reloaded');
});

test('stores that a request names again and again are tried once', async () => {
  const { broker, client } = await start();
  const tried = vi.spyOn(StoreChanges.prototype, 'faultOf');
  try {
    const resourceName = String(broker.parts.nodeId);
    const configs = [{ name: LOCATION, configOperation: 0, value: path }];
    const resources = Array.from({ length: 1000 }, () => ({ resourceType: 4, resourceName, configs }));
    const { responses } = await client.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false });
    const messages = new Set(responses.map(({ errorMessage }) => errorMessage));
    expect([...messages]).toEqual(['Each resource must appear at most once.']);
    expect(tried).toHaveBeenCalledOnce();
  } finally {
    tried.mockRestore();
  }
});

test('other names are taken where that is allowed', async () => {
  const started = await start({ 'ssl.allow.dn.changes': 'true', [`${PREFIX}ssl.allow.san.changes`]: 'true' });
  expect(await alter(started, { [LOCATION]: write('next.pem', await issue('other', ['127.0.0.1'])) })).toEqual([
    0,
    null,
  ]);
  await expect.poll(async () => (await shownAt(started.broker)).subject).toBe('CN=other');
});

test('one that is refused leaves the rest of the request alone, and AlterConfigs is asked the same', async () => {
  const started = await start();
  const { broker, client } = started;
  const next = write('next.pem', await issue('other'));
  const own = { resourceType: 4, resourceName: String(broker.parts.nodeId) };
  const { responses } = await client.send(IncrementalAlterConfigs, 1, {
    resources: [
      { ...own, configs: [{ name: LOCATION, configOperation: 0, value: next }] },
      { resourceType: 4, resourceName: '', configs: [{ name: 'log.retention.ms', configOperation: 0, value: '1000' }] },
    ],
    validateOnly: false,
  });
  expect(responses.map(({ errorCode }) => errorCode)).toEqual([INVALID_REQUEST, 0]);
  expect(broker.parts.config['log.retention.ms']).toBe(1000);
  const whole = await client.send(AlterConfigs, 2, {
    resources: [{ ...own, configs: [{ name: LOCATION, value: next }] }],
    validateOnly: false,
  });
  expect(whole.responses[0].errorMessage).toContain('DistinguishedName does not match');
});

test('no file is read again where the stores of another listener are refused', async () => {
  const { certificate, key } = await issue('broker');
  const material = { key, chain: [certificate], certificate: new X509Certificate(certificate), alias: 'kafka' };
  const [reread, changes]: [string[], StoreChanges] = [[], new StoreChanges()];
  const add = (listener: string, tried: StoresInUse['tried']) =>
    changes.add({
      listener,
      loaded: { material, trusted: null },
      fingerprint: 'as before',
      tried,
      reload: () => Promise.resolve(reread.push(listener)),
    });
  add('ONE', () => Promise.resolve({ stores: { material }, fingerprint: 'as before' }));
  add('OTHER', () => Promise.reject(new ConfigError('no such file')));
  const layers = { static: new Map<string, string>(), cluster: new Map(), broker: new Map() };
  const [one, other] = ['one', 'other'].map((name) => `listener.name.${name}.ssl.keystore.location`);
  expect(await changes.faultOf(layers, [one, other], false)).toContain('no such file');
  expect(reread).toEqual([]);
  expect(await changes.faultOf(layers, [one], false)).toBeNull();
  expect(reread).toEqual(['ONE']);
});
