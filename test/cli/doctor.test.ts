import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { lockedOut, releaseLike } from '../../src/cli/doctor/client-versions.ts';
import { connectionFindings } from '../../src/cli/doctor/connection.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { factorFindings, stateFindings } from '../../src/cli/doctor/health.ts';
import { speechOf } from '../../src/cli/doctor/speech.ts';
import type { Cluster, ClusterMetadata } from '../../src/cli/client/cluster.ts';
import { ottla, portOf } from './session.ts';

const ends: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

async function start(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0', ...settings } });
  ends.push(() => broker.stop());
  return broker.bootstrap;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return `127.0.0.1:${portOf(server)}`;
}

/** The findings about one address. */
async function findingsOf(address: string, ...flags: string[]): Promise<{ code: number; findings: Finding[] }> {
  const { code, out, err } = await ottla(['doctor', address, '--json', '--timeout', '0.5', ...flags]);
  if (err !== '') throw new Error(err);
  const report = JSON.parse(out) as { ok: boolean; brokers: { findings: Finding[] }[] };
  expect(report.ok).toBe(code === 0);
  return { code, findings: report.brokers[0].findings };
}

/** The one thing that is wrong. */
async function problemOf(address: string, ...flags: string[]): Promise<Finding> {
  const { code, findings } = await findingsOf(address, ...flags);
  const failures = findings.filter(({ status }) => status === 'fail');
  expect([code, failures.length]).toEqual([1, 1]);
  expect(failures[0].advice).toMatch(/^\w.{15,}\.$/s);
  return failures[0];
}

function silent(socket: Socket): void {
  socket.on('error', () => {}).resume();
}

describe('ottla doctor', () => {
  test('finds nothing wrong with a broker that is well, and prints each check', async () => {
    const { code, out } = await ottla(['doctor', await start()]);
    expect(code).toBe(0);
    for (const check of [
      'connection',
      'protocol',
      'versions',
      'advertised',
      'cluster',
      'partitions',
      'internal topics',
    ]) {
      expect(out).toContain(`✓ ${check}`);
    }
    expect(out.trimEnd().endsWith('clients can work with this cluster')).toBe(true);
  });

  test('looks at several, and takes $OTTLA_BROKERS where none is given', async () => {
    const address = await start();
    const { out, code } = await ottla(['doctor', '--timeout', '0.5'], {
      environment: { OTTLA_BROKERS: `127.0.0.1:1,${address}` },
    });
    expect(code).toBe(1);
    expect(out).toMatch(/127\.0\.0\.1:1\n.*✗ connection[^]*1 problem\n[^]*✓ cluster/);
  });

  test('a name that nobody knows', async () => {
    expect(await problemOf('kafka.invalid:9092')).toMatchObject({
      check: 'name',
      message: expect.stringMatching(/kafka\.invalid is not a name/),
    });
  });

  test('a port where nothing listens', async () => {
    expect(await problemOf('127.0.0.1:1')).toMatchObject({
      check: 'connection',
      message: expect.stringMatching(/nothing listens there/),
    });
  });

  test('an HTTP server', async () => {
    const http = createHttpServer((_request, response) => response.end('hello'));
    expect(await problemOf(await listen(http))).toMatchObject({
      check: 'protocol',
      message: expect.stringMatching(/is an HTTP server$/),
    });
  });

  test('what says nothing, and what closes at once', async () => {
    expect(await problemOf(await listen(createServer(silent)))).toMatchObject({
      message: expect.stringMatching(/says nothing$/),
    });
    const closing = createServer((socket) => socket.on('error', () => {}).end());
    expect(await problemOf(await listen(closing))).toMatchObject({
      message: expect.stringMatching(/closes them at once$/),
    });
  });

  test('TLS spoken to plain text, and plain text to TLS', async () => {
    expect(await problemOf(await start(), '--tls')).toMatchObject({
      check: 'tls',
      message: expect.stringMatching(/does not speak TLS$/),
    });
    const pem = (name: string) => readFileSync(new URL(`tls/${name}.pem`, import.meta.url));
    const tls = createTlsServer({ cert: pem('localhost'), key: pem('localhost-key') }, silent);
    tls.on('tlsClientError', () => {});
    const address = await listen(tls);
    expect(await problemOf(address)).toMatchObject({
      check: 'protocol',
      message: expect.stringMatching(/speaks TLS, and a plain-text/),
    });
    const { findings } = await findingsOf(address, '--tls');
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'tls',
        message: expect.stringMatching(/not trusted: its certificate is self-signed/),
      }),
    );
  });

  test('an advertised address where nothing listens', async () => {
    const problem = await problemOf(await start({ 'advertised.listeners': 'PLAINTEXT://127.0.0.1:1' }));
    expect(problem).toMatchObject({
      check: 'advertised',
      message: expect.stringMatching(/tells clients to connect to 127\.0\.0\.1:1, but .*refuses/),
    });
    expect(problem.advice).toContain('advertised.listeners=PLAINTEXT://');
  });

  test('an advertised name that only containers know', async () => {
    const problem = await problemOf(await start({ 'advertised.listeners': 'PLAINTEXT://kafka.invalid:9092' }));
    expect(problem).toMatchObject({
      check: 'advertised',
      message: expect.stringMatching(/kafka\.invalid is not a name known here/),
    });
  });

  test('an advertised address that leads to another cluster', async () => {
    const other = await start();
    const problem = await problemOf(await start({ 'advertised.listeners': `PLAINTEXT://${other}` }));
    expect(problem).toMatchObject({
      check: 'advertised',
      message: expect.stringMatching(/but that is another cluster/),
    });
  });

  test('a broker that wants clients to sign in', async () => {
    // It answers ApiVersions, offers SCRAM to SaslHandshake, and closes on the rest, as Kafka does.
    const guarded = createServer((client) => {
      client
        .on('error', () => {})
        .on('data', (request: Buffer) => {
          const apiKey = request.readInt16BE(4);
          const correlation = request.subarray(8, 12);
          if (apiKey === 18)
            client.write(
              frameOf(
                correlation,
                versionsBody([
                  [0, 3, 13],
                  [1, 4, 18],
                  [2, 1, 11],
                  [3, 0, 13],
                  [8, 2, 10],
                  [9, 1, 10],
                  [17, 0, 1],
                  [36, 0, 2],
                ]),
              ),
            );
          else if (apiKey === 17) client.write(frameOf(correlation, mechanismsBody(33, ['SCRAM-SHA-256', 'PLAIN'])));
          else client.destroy();
        });
    });
    const problem = await problemOf(await listen(guarded));
    expect(problem).toMatchObject({
      check: 'sign-in',
      message: 'the broker wants clients to sign in (SASL: SCRAM-SHA-256, PLAIN)',
    });
    expect(problem.advice).toContain('--sasl scram-sha-256');
  });

  test('records from the future, where clocks disagree', async () => {
    const address = await start();
    const clock = async () => (await findingsOf(address)).findings.filter(({ check }) => check === 'clock');
    expect(await clock()).toEqual([]);
    await ottla(['produce', 'dated', 'now', '-b', address]);
    expect(await clock()).toMatchObject([{ status: 'ok' }]);
    const later = new Date(Date.now() + 1_800_000).toISOString(); // brokers take an hour at most
    await ottla(['produce', 'dated', 'later', '-T', later, '-b', address]);
    expect(await clock()).toMatchObject([
      { status: 'warn', message: expect.stringMatching(/^a record of dated is dated \d+ s/) },
    ]);
  });

  test('a mechanism or a user where none is wanted', async () => {
    const problem = await problemOf(await start(), '--user', 'alice', '--password', 'secret');
    expect(problem.check).toBe('sign-in');
  });
});

function frameOf(correlation: Buffer, body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(4 + body.length);
  return Buffer.concat([size, correlation, body]);
}

function versionsBody(ranges: readonly (readonly [key: number, first: number, last: number])[]): Buffer {
  const body = Buffer.alloc(6 + 6 * ranges.length);
  body.writeInt32BE(ranges.length, 2);
  ranges.flat().forEach((value, index) => body.writeInt16BE(value, 6 + 2 * index));
  return body;
}

function mechanismsBody(errorCode: number, mechanisms: readonly string[]): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt16BE(errorCode);
  head.writeInt32BE(mechanisms.length, 2);
  const names = mechanisms.map((name) => Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name)]));
  return Buffer.concat([head, ...names]);
}

describe('what the doctor concludes', () => {
  const versions = (ranges: Readonly<Record<number, readonly [number, number]>>) =>
    new Map(Object.entries(ranges).map(([key, [first, last]]) => [Number(key), { first, last }]));

  test('from API versions: the release, and who is locked out', () => {
    const kafka4 = versions({ 0: [0, 13], 1: [4, 18], 2: [1, 11], 3: [0, 13], 8: [2, 10], 9: [1, 10] });
    expect(releaseLike(kafka4)).toBe('4.1 or later');
    expect(lockedOut(kafka4).map(({ client }) => client)).toEqual(['Java clients 0.10']);
    const kafka24 = versions({ 0: [0, 8], 1: [0, 11], 2: [0, 5], 3: [0, 9], 8: [0, 8], 9: [0, 6] });
    expect(releaseLike(kafka24)).toBe('2.4 to 2.6');
    expect(lockedOut(kafka24)).toEqual([
      { client: '@platformatic/kafka', why: 'Fetch: the client speaks 12 to 17, the broker answers 0 to 11' },
    ]);
    const noOldOnes = versions({ 0: [9, 13], 1: [12, 18], 2: [6, 11], 3: [9, 13], 8: [8, 10], 9: [6, 10] });
    expect(lockedOut(noOldOnes).map(({ client }) => client)).toContain('kafkajs 2');
  });

  test('from attempts in both families: who tries IPv6 first is in trouble', () => {
    const talk = { connectMs: 1, bytes: Buffer.alloc(0), end: 'answered' as const, certificate: null };
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const four = { address: '127.0.0.1', family: 4, talk, error: null };
    const six = { address: '::1', family: 6, talk: null, error: refused };
    const localhost = { host: 'localhost', port: 9092 };
    expect(connectionFindings(localhost, [six, four], false)).toMatchObject([
      { status: 'ok' },
      {
        status: 'warn',
        message: expect.stringMatching(/^localhost is ::1 too, but nothing listens/),
        advice: expect.stringMatching(/Give them 127\.0\.0\.1:9092/),
      },
    ]);
    const turned = [
      { ...six, talk, error: null },
      { ...four, talk: null, error: refused },
    ];
    expect(connectionFindings(localhost, turned, false)[1].advice).toMatch(/Give clients \[::1\]:9092/);
    const late = Object.assign(new Error('late'), { code: 'ETIMEDOUT' });
    expect(connectionFindings(localhost, [{ ...six, error: late }], false)[0].advice).toMatch(/firewall/);
  });

  test('from metadata: no controller, no leader, replicas that lag', () => {
    const partition = { errorCode: 0, leaderEpoch: 0, offlineReplicas: [] };
    const metadata = {
      brokers: [{ nodeId: 1, host: 'a', port: 1, rack: null }],
      clusterId: 'c',
      controllerId: -1,
      topics: [
        {
          name: 't',
          isInternal: false,
          partitions: [
            { ...partition, partitionIndex: 0, leaderId: -1, replicaNodes: [2], isrNodes: [] },
            { ...partition, partitionIndex: 1, leaderId: 1, replicaNodes: [1, 2], isrNodes: [1] },
          ],
        },
      ],
    } as unknown as ClusterMetadata;
    expect(stateFindings(metadata).map(({ status, message }) => `${status} ${message}`)).toEqual([
      'fail 1 broker, but no controller',
      'fail 1 of 2 partitions have no leader: t/0',
      'warn 1 of 2 partitions have fewer replicas in sync than they should: t/1',
    ]);
  });

  test('from settings: factors that so few brokers cannot meet', async () => {
    const configs = Object.entries({
      'offsets.topic.replication.factor': '3',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '2',
    }).map(([name, value]) => ({
      name,
      value,
      configSource: 5,
      readOnly: false,
      isSensitive: false,
      synonyms: [],
      documentation: null,
    }));
    const answer = { results: [{ errorCode: 0, errorMessage: null, resourceName: '1', configs }] };
    const metadata = { brokers: [{ nodeId: 1 }], topics: [] } as unknown as ClusterMetadata;
    const ask = { sendTo: () => Promise.resolve(answer), metadata: () => Promise.resolve(metadata) };
    const cluster = ask as unknown as Cluster;
    const findings = await factorFindings(cluster, metadata);
    expect(findings.map(({ status, message }) => `${status} ${message}`)).toEqual([
      'fail offsets.topic.replication.factor is 3 with 1 broker: consumer groups hang',
      'fail transaction.state.log.min.isr is 2 with 1 broker: transactions fail',
    ]);
  });

  test.each([
    ['HTTP/1.1 400 Bad Request', 'http'],
    ['\u0015\u0003\u0001\u0000\u0002\u0002\u0050', 'tls'],
    ['SSH-2.0-OpenSSH', 'ssh'],
    ['-ERR unknown command', 'redis'],
    ['220 mail.example.org', 'other'],
    ['', 'closed'],
  ])('from the first bytes %j: %s', (bytes, speech) => {
    expect(speechOf({ bytes: Buffer.from(bytes, 'latin1'), end: bytes === '' ? 'closed' : 'answered' })).toBe(speech);
  });
});
