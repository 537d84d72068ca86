/**
 * `npm run test:etcd`: what examples/cluster/ says is what runs. The processes of its compose file, and those of its systemd units, are
 * started with their own arguments, variables and files; ports, addresses and paths alone are of this machine.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { freePorts } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { commandPath } from '../../test/bundled-command.ts';
import { consume, produce } from '../../test/running-broker.ts';

interface Service {
  readonly image: string;
  readonly network_mode?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

const [found] = etcds();
const here = fileURLToPath(new URL('../../examples/cluster/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'ottla-example-'));
const running: ChildProcess[] = [];
const said = new Map<string, string>();
const POLLED = { timeout: 60_000, interval: 100 };

afterEach(async () => {
  for (const child of running.splice(0)) {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(name: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], HOME: directory, ...env } });
  running.push(child);
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => said.set(name, (said.get(name) ?? '') + bytes.toString()));
}

/** The ports that `text` names, each on one that is free here; a pair of neighbours stays one. */
async function portsFor(text: string): Promise<Map<string, string>> {
  const named = new Set([...text.matchAll(/:(\d{4})\b/g)].map(([, port]) => port));
  const free = await freePorts(named.size);
  return new Map([...named].map((port, at) => [port, String(free[at])]));
}

/** All three run, and a record that one has taken is read from another. */
async function works(ports: readonly number[]): Promise<void> {
  const client = async (port: number): Promise<Client> => connect({ host: '127.0.0.1', port });
  const unfenced = async (): Promise<number> => {
    const asking = await client(ports[2]).catch(() => null);
    if (asking === null) return 0;
    const asked = { includeClusterAuthorizedOperations: false, includeFencedBrokers: true };
    const { brokers } = await asking.send(DescribeCluster, 2, asked);
    void asking.close();
    return brokers.filter(({ isFenced }) => !isFenced).length;
  };
  await expect
    .poll(unfenced, { ...POLLED, message: [...said].map(([name, text]) => `${name}: ${text}`).join('\n') })
    .toBe(3);
  const [first] = await Promise.all(ports.map((port) => client(port)));
  const topic = { name: 'tried', numPartitions: 1, replicationFactor: -1, assignments: [], configs: [] };
  const { topics } = await first.send(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false });
  expect(topics[0]).toMatchObject({ errorCode: 0, replicationFactor: 3 });
  const minIsr = topics[0].configs?.find(({ name }) => name === 'min.insync.replicas')?.value;
  expect(minIsr).toBe('2');
  const leader = await Promise.any(
    ports.map(async (port) => {
      const asked = await client(port);
      await produce(asked, 'tried', 0, ['a', 'b']);
      return asked;
    }),
  );
  const committed = async (): Promise<string[]> => (await consume(leader, 'tried', 0)).map(String);
  await expect.poll(committed, POLLED).toEqual(['a', 'b']);
}

describe.skipIf(found === undefined)('examples/cluster', () => {
  test('compose.yml has three members of etcd and three brokers that find one another', async () => {
    const text = readFileSync(join(here, 'compose.yml'), 'utf8');
    const ports = await portsFor(text);
    const remapped = text.replace(/:(\d{4})\b/g, (_, port: string) => `:${ports.get(port)}`);
    const { services, volumes } = parse(remapped, { merge: true }) as {
      services: Record<string, Service>;
      volumes: Record<string, null>;
    };
    expect(Object.keys(services)).toEqual([
      'machine',
      ...[1, 2, 3].map((i) => `etcd-${i}`),
      ...[1, 2, 3].map((i) => `broker-${i}`),
    ]);
    const clientPorts: number[] = [];
    for (const [name, { command = [], environment, volumes: own = [], network_mode: network }] of Object.entries(
      services,
    )) {
      if (name === 'machine') continue;
      expect([name, network]).toEqual([name, 'service:machine']);
      const [volume, path] = own[0].split(':');
      expect(Object.keys(volumes)).toContain(volume);
      const place = join(directory, 'compose', volume);
      mkdirSync(place, { recursive: true, mode: 0o700 });
      const [program, ...args] = command.map((word) => word.replace(path, place));
      if (program === 'etcd') start(name, found.path, args, {});
      else {
        const variables = Object.entries(environment!).map(([key, value]) => [key, String(value)]);
        const env: NodeJS.ProcessEnv = { ...Object.fromEntries(variables), KAFKA_LOG_DIRS: place };
        start(name, process.execPath, [commandPath(), 'start', '--container'], env);
        clientPorts.push(Number(/^PLAINTEXT:\/\/[^:]+:(\d+)/.exec(env.KAFKA_ADVERTISED_LISTENERS!)![1]));
      }
    }
    const published = services['machine'].ports!.map((each) =>
      Number(ports.get(each.split(':')[0]) ?? each.split(':')[1]),
    );
    expect(published).toEqual(clientPorts);
    await works(clientPorts);
  });

  test('the units of systemd do, on three machines with TLS', async () => {
    const unit = (name: string): string => readFileSync(join(here, 'systemd', name), 'utf8');
    const execOf = (name: string): string[] => /^ExecStart=(.*)$/m.exec(unit(name))![1].split(' ');
    expect(execOf('etcd.service')).toEqual(['/usr/bin/etcd']);
    expect(unit('etcd.service')).toContain('EnvironmentFile=/etc/ottla/etcd.env');
    const [, ...ottla] = execOf('ottla.service');
    const tls = certificates(join(directory, 'tls'));
    const members = await freePorts(12);
    /** As on machine `i`: its own name, addresses and number, and paths of this test. */
    const on = (i: number, text: string): string =>
      text
        .replace(/^ETCD_NAME=etcd-1$/m, `ETCD_NAME=etcd-${i}`)
        .replace(/^node\.id=1$/m, `node.id=${i}`)
        .replace(/^broker\.rack=a$/m, `broker.rack=${'abc'[i - 1]}`)
        .replace(/^((?:ETCD_(?:LISTEN|ADVERTISE|INITIAL_ADVERTISE)|listeners).*)$/gm, (line) =>
          line.replaceAll('10.0.0.1', `10.0.0.${i}`),
        )
        .replace(/10\.0\.0\.(\d):(2379|2380|9092|9093)/g, (_, machine: string, port: string) => {
          const at = ['2379', '2380', '9092', '9093'].indexOf(port);
          return `127.0.0.1:${members[4 * (Number(machine) - 1) + at]}`;
        })
        .replaceAll('/etc/ottla/tls', tls)
        .replaceAll('/var/lib', join(directory, 'systemd', String(i)));
    for (const i of [1, 2, 3]) {
      const place = join(directory, 'systemd', String(i));
      mkdirSync(join(place, 'etcd'), { recursive: true, mode: 0o700 });
      const lines = on(i, unit('etcd.env'))
        .split('\n')
        .filter((line) => line.startsWith('ETCD_'));
      const env = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
      start(`etcd-${i}`, found.path, [], env);
      const file = join(place, 'server.properties');
      writeFileSync(file, on(i, unit('server.properties')));
      const args = ottla.map((word) => (word === '/etc/ottla/server.properties' ? file : word));
      start(`ottla-${i}`, process.execPath, [commandPath(), ...args], {});
    }
    await works([0, 1, 2].map((i) => members[4 * i + 2]));
  });
});

/** An authority, and one certificate of it that any machine may show. */
function certificates(place: string): string {
  mkdirSync(place, { recursive: true });
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: place, stdio: 'pipe' });
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=authority');
  openssl('req', ...key, '-keyout', 'machine.key', '-out', 'machine.csr', '-subj', '/CN=machine');
  writeFileSync(join(place, 'names'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'machine.csr', ...signed, '-out', 'machine.pem');
  return place;
}
