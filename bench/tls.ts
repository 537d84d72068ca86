/**
 * `npm run bench:tls`: what TLS and signing in cost the broker, beside Apache Kafka over SSL in turn, round after round; medians.
 *
 *   --rounds 3       measured rounds, after one to warm up
 *   --seconds 3      how long each load runs
 *   --only produce   rows whose words hold this
 *   --quick          one round of half a second: to see that it runs
 *   --ottla-only     without Apache Kafka
 *   --port 21600     the first of the ports
 */
import { generateKeyPairSync, randomUUID, webcrypto } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '../protocol/client.ts';
import { oauthBearerClient, plainClient, signIn, type SaslClient } from '../protocol/sasl/client.ts';
import { saltedPassword } from '../protocol/sasl/scram.ts';
import { ScramClient } from '../protocol/sasl/scram-client.ts';
import { AlterUserScramCredentials } from '../protocol/apis/51-alter-user-scram-credentials.ts';
import { ApiVersions } from '../protocol/apis/18-api-versions.ts';
import { startKafka } from '../scripts/kafka/index.ts';
import { CertificateAuthority, type IssuedCertificate } from '../src/credentials/certificate-authority.ts';
import { plainUsers, plainUsersKey } from '../src/credentials/plain-users.ts';
import { startBroker } from '../src/testing/index.ts';
import { startOttla, type BrokerUnderLoad } from './brokers.ts';
import { batchOf, fetchFrame, produceFrame } from './frames.ts';
import { median } from './median.ts';
import { cpuSeconds, residentMb } from './process-usage.ts';
import { often, open, pump, type Place } from './tls-client.ts';
import { recordCount, withTopic } from './topics.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    'ottla-only': { type: 'boolean', default: false },
    port: { type: 'string', default: '21600' },
  },
});
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 3));
const seconds = Number(flags.seconds ?? (flags.quick ? 0.5 : 3));
const handshakes = flags.quick ? 200 : 2000;
const idle = flags.quick ? 200 : 1000;
const first = Number(flags.port);
const DAY_MS = 86_400_000;
const KIB = 1024;
const RECORDS = { records: 16, valueBytes: KIB };
const FETCH_BYTES = 1 << 20;
const FILL_SECONDS = 1;
const AT_ONCE = 4;
const STARTS = 20;
const ISSUER = 'https://login.example.org';

/** Ports of a broker's listeners: plain text, TLS by a key on P-256, TLS by RSA 2048, SASL. */
interface Ports {
  readonly plain: number;
  readonly ec: number;
  readonly rsa: number;
  readonly sasl: number;
}

interface Subject {
  readonly broker: BrokerUnderLoad;
  readonly ports: Ports;
}

interface Row {
  readonly words: string;
  readonly unit: string;
  /** As the issue of security asks for it; a ratio is Ottla's figure over Kafka's. */
  readonly bound: string;
  readonly isOttlaAlone?: boolean;
  measure(subject: Subject): Promise<number>;
}

let authority: CertificateAuthority;
let rsaCertificate = '';
const tokenKey = generateKeyPairSync('rsa', { modulusLength: 2048 });

const cpuOf = async ({ broker }: Subject, work: () => Promise<unknown>): Promise<number> => {
  const before = cpuSeconds(broker.pid);
  await work();
  return cpuSeconds(broker.pid) - before;
};

const secure = (port: number): Place => ({ port, ca: authority.certificate });
const secureByRsa = (port: number): Place => ({ port, ca: rsaCertificate });
const plain = (port: number): Place => ({ port, ca: null });

/** Processor seconds a GB. */
function produced(place: (ports: Ports) => Place): Row['measure'] {
  return (subject) =>
    withTopic(subject.ports.plain, 1, async (topic) => {
      const batch = batchOf(RECORDS);
      let bytes = 0;
      const cpu = await cpuOf(subject, async () => {
        const { answers } = await pump(place(subject.ports), [produceFrame(topic, 0, batch, 1)], 5, seconds);
        bytes = answers * batch.length;
        const records = await recordCount(subject.ports.plain, topic);
        if (records !== answers * RECORDS.records) throw new Error(`${answers} answers, ${records} records`);
      });
      return (cpu / bytes) * 1e9;
    });
}

function fetched(place: (ports: Ports) => Place): Row['measure'] {
  return (subject) =>
    withTopic(subject.ports.plain, 1, async (topic) => {
      const batch = batchOf(RECORDS);
      await pump(plain(subject.ports.plain), [produceFrame(topic, 0, batch, 1)], 5, FILL_SECONDS);
      const batches = (await recordCount(subject.ports.plain, topic)) / RECORDS.records;
      const each = Math.floor(FETCH_BYTES / batch.length);
      const frames = Array.from({ length: Math.max(1, Math.floor(batches / each) - 1) }, (_, at) =>
        fetchFrame(topic, at * each * RECORDS.records, FETCH_BYTES),
      );
      let bytes = 0;
      const cpu = await cpuOf(subject, async () => {
        bytes = (await pump(place(subject.ports), frames, 2, seconds)).bytesIn;
      });
      return (cpu / bytes) * 1e9;
    });
}

/** Milliseconds of processor time, with the connection itself. */
function shaken(place: (ports: Ports) => Place): Row['measure'] {
  return async (subject) => {
    const cpu = await cpuOf(subject, () =>
      often(handshakes, AT_ONCE, async () => void (await open(place(subject.ports))).destroy()),
    );
    return (cpu / handshakes) * 1000;
  };
}

/** KiB resident that each keeps. */
async function kept(subject: Subject): Promise<number> {
  const settle = async (): Promise<number> => {
    await new Promise((resolve) => void setTimeout(resolve, 500));
    return residentMb(subject.broker.pid);
  };
  const warm = await Promise.all(Array.from({ length: 50 }, () => open(secure(subject.ports.ec))));
  const before = await settle();
  const sockets = [];
  for (let at = 0; at < idle; at++) sockets.push(await open(secure(subject.ports.ec)));
  const grown = (await settle()) - before;
  for (const socket of [...sockets, ...warm]) socket.destroy();
  return (grown * 1e6) / idle / KIB;
}

/** Milliseconds of processor time, beyond a connection that asks for the versions alone. */
function signedIn(login: () => SaslClient): Row['measure'] {
  return async (subject) => {
    const connections = (use: (client: Awaited<ReturnType<typeof connect>>) => Promise<unknown>, port: number) =>
      cpuOf(subject, () =>
        often(handshakes, AT_ONCE, async () => {
          const client = await connect({ host: '127.0.0.1', port });
          await use(client);
          await client.close();
        }),
      );
    const without = await connections((client) => client.send(ApiVersions, 0, {}), subject.ports.plain);
    const all = await connections((client) => signIn(client, login(), 2), subject.ports.sasl);
    return ((all - without) / handshakes) * 1000;
  };
}

async function token(): Promise<string> {
  const { SignJWT } = await import('jose');
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: ISSUER, aud: 'kafka', sub: 'alice', iat: now, exp: now + 3600 })
    .setProtectedHeader({ alg: 'RS256', kid: 'bench' })
    .sign(tokenKey.privateKey);
}

function rows(bearer: string): readonly Row[] {
  const scram = () => new ScramClient('SCRAM-SHA-256', { user: 'alice', password: 'secret' }, randomUUID());
  return [
    {
      words: 'produce of 16 KB, plain text',
      unit: 'CPU s/GB',
      bound: '',
      measure: produced(({ plain: p }) => plain(p)),
    },
    { words: 'produce of 16 KB, TLS', unit: 'CPU s/GB', bound: '≤ 0.6×', measure: produced(({ ec: p }) => secure(p)) },
    { words: 'fetch of 1 MiB, plain text', unit: 'CPU s/GB', bound: '', measure: fetched(({ plain: p }) => plain(p)) },
    { words: 'fetch of 1 MiB, TLS', unit: 'CPU s/GB', bound: '≤ 0.6×', measure: fetched(({ ec: p }) => secure(p)) },
    { words: 'handshake, RSA 2048', unit: 'CPU ms', bound: '≤ 0.75', measure: shaken(({ rsa: p }) => secureByRsa(p)) },
    { words: 'handshake, P-256', unit: 'CPU ms', bound: '≤ 0.5', measure: shaken(({ ec: p }) => secure(p)) },
    { words: 'idle connection', unit: 'KiB', bound: '≤ 60', measure: kept },
    {
      words: 'login, PLAIN',
      unit: 'CPU ms',
      bound: '≤ 0.15',
      isOttlaAlone: true,
      measure: signedIn(() => plainClient('alice', 'secret')),
    },
    { words: 'login, SCRAM-SHA-256', unit: 'CPU ms', bound: '≤ 0.2', isOttlaAlone: true, measure: signedIn(scram) },
    {
      words: 'login, RS256 token',
      unit: 'CPU ms',
      bound: '≤ 0.3',
      isOttlaAlone: true,
      measure: signedIn(() => oauthBearerClient(bearer)),
    },
  ];
}

const portsFrom = (port: number): Ports => ({ plain: port, ec: port + 1, rsa: port + 2, sasl: port + 3 });

function listenersOf({ plain: p, ec: e, rsa: r, sasl: s }: Ports): string {
  return [`PLAINTEXT://127.0.0.1:${p}`, `EC://127.0.0.1:${e}`, `RSA://127.0.0.1:${r}`, `SASL://127.0.0.1:${s}`].join();
}

const MAP = 'PLAINTEXT:PLAINTEXT,EC:SSL,RSA:SSL,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT';

function store(listener: string, path: string): readonly (readonly [string, string])[] {
  const key = `listener.name.${listener}.ssl.keystore`;
  return [
    [`${key}.type`, 'PEM'],
    [`${key}.location`, path],
  ];
}

/** Its keys, and the listeners of both. */
async function settingsIn(dir: string): Promise<ReadonlyMap<string, string>> {
  authority = await CertificateAuthority.create(Date.now());
  const now = Date.now();
  const lifetime = { hosts: ['127.0.0.1'], notBeforeMs: now - DAY_MS, notAfterMs: now + DAY_MS };
  const stores = { ec: await authority.issue('broker', lifetime), rsa: await byRsa(now) };
  rsaCertificate = stores.rsa.certificate;
  for (const [name, { key, certificate }] of Object.entries(stores))
    writeFileSync(join(dir, `${name}.pem`), `${key}${certificate}`);
  const users = plainUsers(new Map([['alice', 'secret']]));
  const jwk = { ...tokenKey.publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' };
  writeFileSync(join(dir, 'keys.json'), JSON.stringify({ keys: [jwk] }));
  return new Map([
    ['listener.security.protocol.map', MAP],
    ...store('ec', join(dir, 'ec.pem')),
    ...store('rsa', join(dir, 'rsa.pem')),
    [plainUsersKey('sasl'), users],
    ['sasl.enabled.mechanisms', 'PLAIN,SCRAM-SHA-256,OAUTHBEARER'],
    ['sasl.oauthbearer.jwks.endpoint.url', `file://${join(dir, 'keys.json')}`],
    ['sasl.oauthbearer.expected.issuer', ISSUER],
    ['sasl.oauthbearer.expected.audience', 'kafka'],
  ]);
}

/** Signed by itself. */
async function byRsa(now: number): Promise<IssuedCertificate> {
  const { cryptoProvider, SubjectAlternativeNameExtension, X509CertificateGenerator } =
    await import('../src/credentials/x509.ts');
  cryptoProvider.set(webcrypto as never);
  const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const exponent = new Uint8Array([1, 0, 1]);
  const algorithm = { ...signingAlgorithm, publicExponent: exponent, modulusLength: 2048 };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=broker',
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
    keys,
    signingAlgorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{1,64}/g, '$&\n')}-----END PRIVATE KEY-----\n`;
  return { key, certificate: `${certificate.toString('pem')}\n` };
}

/** Milliseconds until clients can connect to a test's broker: without security, the first with it, and those after that. */
async function starts(): Promise<string> {
  const own = { tls: true, users: { alice: 'secret' }, acls: { alice: ['read topic orders'] } } as const;
  const timed = async (options: Parameters<typeof startBroker>[0]): Promise<number> => {
    const begun = performance.now();
    const broker = await startBroker(options);
    const took = performance.now() - begun;
    await broker.stop();
    return took;
  };
  const several = async (options: Parameters<typeof startBroker>[0]): Promise<number> => {
    const all: number[] = [];
    for (let at = 0; at < STARTS; at++) all.push(await timed(options));
    return median(all);
  };
  await timed({});
  const before = await several({});
  const one = await timed(own);
  const after = await several(own);
  return (
    `startBroker ${before.toFixed(1)} ms; with tls, users and acls ${one.toFixed(0)} ms the first (asked ≤ 150), ` +
    `${after.toFixed(1)} ms after (asked ≤ 15)`
  );
}

async function ottla(dir: string, settings: ReadonlyMap<string, string>): Promise<Subject> {
  const ports = portsFrom(first);
  const all = [...settings, ['listeners', listenersOf(ports)] as const];
  const broker = await startOttla(
    join(dir, 'ottla'),
    ports.plain,
    all.map(([key, value]) => `${key}=${value}`),
  );
  const client = await connect({ host: '127.0.0.1', port: ports.plain });
  const salt = Buffer.alloc(26, 1);
  const salted = saltedPassword('SCRAM-SHA-256', 'secret', salt, 4096);
  await client.send(AlterUserScramCredentials, 0, {
    deletions: [],
    upsertions: [{ name: 'alice', mechanism: 1, iterations: 4096, salt, saltedPassword: salted }],
  });
  await client.close();
  return { broker, ports };
}

async function kafka(dir: string, settings: ReadonlyMap<string, string>): Promise<Subject> {
  const ports = portsFrom(first + 10);
  const controller = first + 19;
  const own = [...settings].filter(([key]) => !/sasl/i.test(key));
  const listeners = listenersOf(ports).replace(/,SASL:.*/, '');
  const running = await startKafka({
    dir: join(dir, 'kafka'),
    port: ports.plain,
    controllerPort: controller,
    config: {
      ...Object.fromEntries(own),
      listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `${listeners},CONTROLLER://127.0.0.1:${controller}`,
    },
  });
  const { pid, startMs } = running;
  return { broker: { name: 'kafka', pid, port: ports.plain, startMs, stop: () => running.stop() }, ports };
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const shown = (value: number | undefined): string => (value === undefined ? '–' : value.toPrecision(3)).padStart(9);

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ottla-tls-'));
  const subjects: Subject[] = [];
  try {
    if (flags.only === '' || flags.only === 'start') say(await starts());
    const settings = await settingsIn(dir);
    subjects.push(await ottla(dir, settings));
    if (!flags['ottla-only']) subjects.push(await kafka(dir, settings));
    const all = rows(await token()).filter(({ words }) => words.includes(flags.only));
    const found = new Map<string, number[]>();
    for (let round = 0; round <= rounds; round++) {
      say(round === 0 ? 'warm-up' : `round ${round} of ${rounds}`);
      for (const row of all) {
        for (const subject of round % 2 === 1 ? subjects : subjects.toReversed()) {
          if (row.isOttlaAlone === true && subject.broker.name === 'kafka') continue;
          const figure = await row.measure(subject);
          const key = `${row.words} ${subject.broker.name}`;
          if (round > 0) found.set(key, [...(found.get(key) ?? []), figure]);
        }
      }
    }
    print(all, found);
  } finally {
    for (const { broker } of subjects) await broker.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

function print(all: readonly Row[], found: ReadonlyMap<string, readonly number[]>): void {
  const lines = all.map(({ words, unit, bound }) => {
    const [own, other] = ['ottla', 'kafka'].map((name) => {
      const figures = found.get(`${words} ${name}`);
      return figures === undefined ? undefined : median(figures);
    });
    const ratio = own === undefined || other === undefined ? '' : `${(own / other).toFixed(2)}×`;
    return [words.padEnd(30), unit.padEnd(9), shown(own), shown(other), ratio.padStart(7), bound.padStart(8)].join(' ');
  });
  const head = [''.padEnd(40), 'Ottla'.padStart(9), 'Kafka'.padStart(9), 'ratio'.padStart(7), 'asked'.padStart(8)].join(
    ' ',
  );
  const sizes = ['main', 'start', 'jose', 'jks', 'x509'].flatMap((name) => {
    const path = fileURLToPath(new URL(`../dist/${name}.cjs`, import.meta.url));
    return existsSync(path) ? [`${name}.cjs ${Math.round(statSync(path).size / 1000)} KB`] : [];
  });
  process.stdout.write(`${[head, ...lines, '', `dist: ${sizes.join(', ')}`].join('\n')}\n`);
  process.stdout.write(`Medians of ${rounds} rounds; load average ${loadavg()[0].toFixed(1)}\n`);
}

await main();
