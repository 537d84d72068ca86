/**
 * Starts real etcd members on this machine: `const etcd = await startEtcd({ program, directory }); … await etcd.stop();`. They
 * listen on ports that were free a moment ago.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface EtcdOptions {
  readonly program: string;
  /** For the members' data and logs. */
  readonly directory: string;
  readonly members?: number;
  /** More of etcd's own flags. */
  readonly flags?: readonly string[];
  /** Paths of PEM files, for TLS to clients. */
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    /** Given where clients must show a certificate that it has signed. */
    readonly clientCa?: string;
  };
}

export interface RunningEtcd {
  /** host:port of each member's client API. */
  readonly endpoints: readonly string[];
  /** Signals a member: 'SIGKILL', 'SIGSTOP', 'SIGCONT'. */
  signal(member: number, signal: NodeJS.Signals): void;
  /** Starts a member again that was killed. */
  start(member: number): void;
  /** `etcdctl move-leader`, to any other member; resolves when it is done. */
  moveLeader(): Promise<void>;
  stop(): Promise<void>;
}

/** For clients, peers and metrics. */
const PORTS_EACH = 3;
const READY_MS = 20_000;
const POLL_MS = 50;

/** @throws when no member answers in time */
export async function startEtcd({
  program,
  directory,
  members = 1,
  flags = [],
  tls,
}: EtcdOptions): Promise<RunningEtcd> {
  const ports = await freePorts(members * PORTS_EACH);
  const places = Array.from({ length: members }, (_, i) => ({
    name: `etcd-${i}`,
    client: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${ports[PORTS_EACH * i]}`,
    peer: `http://127.0.0.1:${ports[PORTS_EACH * i + 1]}`,
    metrics: `http://127.0.0.1:${ports[PORTS_EACH * i + 2]}`,
  }));
  const cluster = places.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const children: ChildProcess[] = [];
  const start = (member: number): void => {
    const { name, client, peer, metrics } = places[member];
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const data = ['--name', name, '--data-dir', join(directory, name), '--log-outputs', join(directory, `${name}.log`)];
    const urls = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer];
    const first = ['--initial-advertise-peer-urls', peer, '--initial-cluster', cluster, '--logger', 'zap'];
    const rest = ['--listen-metrics-urls', metrics, ...tlsFlags(tls), ...flags];
    children[member] = spawn(program, [...data, ...urls, ...first, ...rest], { stdio: 'ignore' });
  };
  const killAll = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  for (let member = 0; member < members; member++) start(member);
  process.once('exit', killAll);
  const endMs = performance.now() + READY_MS;
  while (!(await isHealthy(places[0].metrics))) {
    if (performance.now() > endMs) throw new Error(`etcd (${program}) does not answer; its logs are in ${directory}`);
    await wait(POLL_MS);
  }
  return {
    endpoints: places.map(({ client }) => client.replace(/^https?:\/\//, '')),
    signal: (member, signal) => void children[member].kill(signal),
    start,
    moveLeader: () => moveLeader(places.map(({ client }) => client)),
    async stop() {
      process.off('exit', killAll);
      const running = children.filter((child) => (child.exitCode ?? child.signalCode) === null);
      const ended = running.map((child) => once(child, 'exit'));
      killAll();
      await Promise.all(ended);
    },
  };
}

/** Through the JSON gateway. */
async function moveLeader(clients: readonly string[]): Promise<void> {
  const statuses = await Promise.all(clients.map((client) => ask(client, 'status', {})));
  const leader = statuses.findIndex(
    (status) => status?.leader !== undefined && status.leader === status.header.member_id,
  );
  const targets = statuses.flatMap((status, i) => (status === null || i === leader ? [] : [status.header.member_id]));
  if (leader < 0 || targets.length === 0) return;
  await ask(clients[leader], 'transfer-leadership', { targetID: targets[Math.floor(Math.random() * targets.length)] });
}

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

async function ask(client: string, what: string, body: object): Promise<Status | null> {
  try {
    const signal = AbortSignal.timeout(1000);
    const response = await fetch(`${client}/v3/maintenance/${what}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal,
    });
    return (await response.json()) as Status;
  } catch {
    return null;
  }
}

function tlsFlags(tls: EtcdOptions['tls']): string[] {
  if (tls === undefined) return [];
  const { certificate, key, clientCa } = tls;
  const asked = clientCa === undefined ? [] : ['--client-cert-auth', '--trusted-ca-file', clientCa];
  return ['--cert-file', certificate, '--key-file', key, ...asked];
}

/** Where metrics are there is no TLS. */
async function isHealthy(metrics: string): Promise<boolean> {
  try {
    const response = await fetch(`${metrics}/health`, { signal: AbortSignal.timeout(500) });
    return ((await response.json()) as { health: string }).health === 'true';
  } catch {
    return false;
  }
}

/** So many ports of 127.0.0.1 that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => void server.close(done))));
  return ports;
}
