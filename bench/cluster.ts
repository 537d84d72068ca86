/**
 * `npm run bench:cluster`: three brokers of Ottla on etcd beside three of Apache Kafka, the same loads on the leader of one partition
 * with three replicas and acks=all, in turn; medians, their ratios, and how busy the machine was.
 *
 *   --rounds 3 --seconds 3 --warm-up 1 --ottla-only --dir DIR
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Metadata } from '../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../protocol/apis/20-delete-topics.ts';
import { connect, type Client } from '../protocol/client.ts';
import { freePorts, startEtcd } from '../scripts/etcd/cluster.ts';
import { etcds } from '../scripts/etcd/install.ts';
import { startKafka } from '../scripts/kafka/index.ts';
import { batchOf, produceFrame, type BatchShape } from './frames.ts';
import { median } from './median.ts';
import { cpuSeconds } from './process-usage.ts';
import { loadProgram, pump } from './raw-load.ts';
import { recordCount, type Topic } from './topics.ts';

interface ClusterUnderLoad {
  readonly name: string;
  /** Of the broker with id 1, which leads. */
  readonly port: number;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

interface ClusterLoad extends BatchShape {
  readonly name: string;
  /** Requests under way. */
  readonly depth: number;
}

interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mbPerSecond: number;
  readonly cpuPerGb: number;
}

const BROKERS = [1, 2, 3];
const READY_MS = 60_000;
const LOADS: readonly ClusterLoad[] = [
  { name: '1 KB, one request at a time', records: 1, valueBytes: 1024, depth: 1 },
  { name: '15 KB (140 x 100 B), five under way', records: 140, valueBytes: 100, depth: 5 },
  { name: '1 MiB (16 x 64 KiB), two under way', records: 16, valueBytes: 65_000, depth: 2 },
];
const launcher = fileURLToPath(new URL('../bin/ottla.cjs', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '1' },
    'ottla-only': { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function startOttlas(dir: string): Promise<ClusterUnderLoad> {
  const [program] = etcds();
  if (program === undefined) throw new Error('there is no etcd here');
  const etcd = await startEtcd({ program: program.path, directory: join(dir, 'etcd') });
  const ports = await freePorts(2 * BROKERS.length);
  const children = await Promise.all(
    BROKERS.map(async (id, i) => {
      const listeners = `PLAINTEXT://127.0.0.1:${ports[i]},CONTROLLER://127.0.0.1:${ports[BROKERS.length + i]}`;
      const settings = {
        'node.id': id,
        'process.roles': 'broker,controller',
        'controller.listener.names': 'CONTROLLER',
        listeners,
        'log.dirs': join(dir, `ottla-${id}`),
        'ottla.etcd.endpoints': etcd.endpoints.join(','),
      };
      const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
      const child = spawn(process.execPath, [launcher, 'start', ...set], { stdio: ['ignore', 'pipe', 'inherit'] });
      process.once('exit', () => child.kill('SIGKILL'));
      await Promise.race([once(child.stdout, 'data'), wait(READY_MS)]);
      return child;
    }),
  );
  return {
    name: 'ottla',
    port: ports[0],
    pids: children.map(({ pid }) => pid!),
    async stop() {
      const ended = children.map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(ended);
      await etcd.stop();
    },
  };
}

async function startKafkas(dir: string): Promise<ClusterUnderLoad> {
  const [controllerPort, firstPort, ...ports] = await freePorts(1 + BROKERS.length);
  const first = await startKafka({ dir: join(dir, 'kafka-1'), port: firstPort, controllerPort });
  const controllers = `127.0.0.1:${controllerPort}`;
  const others = [];
  for (const [i, id] of BROKERS.slice(1).entries()) {
    const config = { 'node.id': id };
    others.push(
      await startKafka({ dir: join(dir, `kafka-${id}`), port: ports[i], role: 'broker', controllers, config }),
    );
  }
  const all = [first, ...others];
  return {
    name: 'kafka',
    port: first.port,
    pids: all.map(({ pid }) => pid),
    stop: async () => void (await Promise.all(all.toReversed().map((each) => each.stop()))),
  };
}

async function withClient<T>(port: number, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect({ host: '127.0.0.1', port });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Of one partition with three replicas in sync, led by broker 1. */
async function makeTopic(port: number, name: string): Promise<Topic> {
  return withClient(port, async (client) => {
    const configs = [{ name: 'min.insync.replicas', value: '2' }];
    const assignments = [{ partitionIndex: 0, brokerIds: BROKERS }];
    const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs };
    const { topics } = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false });
    if (topics[0].errorCode !== 0) throw new Error(`${name} is not made: ${topics[0].errorCode}`);
    for (const endMs = performance.now() + READY_MS; ; await wait(50)) {
      const found = await client.send(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
      const [partition] = found.topics[0].partitions;
      if (partition?.leaderId === 1 && partition.isrNodes.length === BROKERS.length) {
        return { name, topicId: found.topics[0].topicId, partitions: 1 };
      }
      if (performance.now() > endMs) throw new Error(`${name} has not all replicas in sync`);
    }
  });
}

let topics = 0;

async function measure(cluster: ClusterUnderLoad, load: ClusterLoad, seconds: number): Promise<Figures> {
  const topic = await makeTopic(cluster.port, `bench-${topics++}`);
  const batch = batchOf(load);
  const before = cluster.pids.map(cpuSeconds);
  const {
    answers,
    seconds: took,
    p50,
    p99,
  } = await pump(cluster.port, [produceFrame(topic, 0, batch, -1)], {
    connections: 1,
    depth: load.depth,
    seconds,
  });
  const spent = cluster.pids.map(cpuSeconds).reduce((sum, each, i) => sum + each - before[i], 0);
  const records = await recordCount(cluster.port, topic);
  if (records !== answers * load.records) throw new Error(`${answers} answers, and ${records} records in the topic`);
  const gone = { topicNames: [topic.name], timeoutMs: 10_000 };
  await withClient(cluster.port, (client) => client.send(DeleteTopics, 5, gone));
  const bytes = answers * batch.length;
  return { p50Ms: p50 / 1000, p99Ms: p99 / 1000, mbPerSecond: bytes / took / 1e6, cpuPerGb: (spent / bytes) * 1e9 };
}

if (loadProgram() === null) throw new Error('no C compiler (cc, or CC=…): there is no load without it');
const dir = mkdtempSync(join(flags.dir, 'ottla-bench-cluster-'));
const clusters = [await startOttlas(dir), ...(flags['ottla-only'] ? [] : [await startKafkas(dir)])];
const found = new Map<string, Figures[]>();
const rounds = Number(flags.rounds) + Number(flags['warm-up']);
const busy: number[] = [];
try {
  for (let round = 0; round < rounds; round++) {
    busy.push(loadavg()[0]);
    for (const load of LOADS) {
      for (const cluster of clusters) {
        const figures = await measure(cluster, load, Number(flags.seconds));
        if (round < Number(flags['warm-up'])) continue;
        const key = `${load.name}/${cluster.name}`;
        found.set(key, [...(found.get(key) ?? []), figures]);
        const { p50Ms, p99Ms, mbPerSecond, cpuPerGb } = figures;
        say(
          `${round} ${key}: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ${mbPerSecond.toFixed(0)} MB/s, ${cpuPerGb.toFixed(1)} s/GB`,
        );
      }
    }
  }
} finally {
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  rmSync(dir, { recursive: true, force: true });
}
say(`load average ${busy.map((each) => each.toFixed(1)).join(' ')}`);
for (const { name } of LOADS) {
  for (const key of ['p50Ms', 'p99Ms', 'mbPerSecond', 'cpuPerGb'] as const) {
    const [ottla, kafka] = clusters.map((cluster) =>
      median(found.get(`${name}/${cluster.name}`)!.map((each) => each[key])),
    );
    const ratio = kafka === undefined ? '' : `, Kafka ${kafka.toFixed(2)}, ratio ${(ottla / kafka).toFixed(2)}`;
    say(`${name}: ${key} ${ottla.toFixed(2)}${ratio}`);
  }
}
process.exit(0);
