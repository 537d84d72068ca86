/**
 * `npm run bench:metadata`: what a change of the cluster costs on a real etcd of this machine: commits of one record, one after the
 * other; commits of more bytes, reads of them, and what etcd keeps for them; 10,000 partitions of a lost broker that others lead then,
 * brokers simulated; and topics that 32 clients make at a broker of a cluster. Words after `--` choose parts: commits, sizes, lost, topics.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { OttlaProcesses } from '../compat-tests/etcd/processes.ts';
import { CreateTopics } from '../protocol/apis/19-create-topics.ts';
import type { Client } from '../protocol/client.ts';
import { startEtcd, type RunningEtcd } from '../scripts/etcd/cluster.ts';
import { etcds } from '../scripts/etcd/install.ts';
import { encodeMetadataBatch } from '../src/cluster/metadata-batch.ts';
import type { EtcdClient } from '../src/etcd/client.ts';
import { systemClock } from '../src/platform/clock.ts';
import { beginController, beginTerm, registrationOf } from './etcd-controller.ts';

const COMMITS = 500;
const CLIENTS = 32;
const SECONDS = 5;
const SIZES = [1000, 30_000, 100_000, 400_000, 1_000_000];
const SIZED_COMMITS = 30;
/** Of a text in a record. */
const MOST_VALUE_BYTES = 25_000;
const CLUSTER_ID = 'lost';
const words = process.argv.slice(2);

function say(text: string): void {
  process.stdout.write(`${text}, load ${loadavg()[0].toFixed(1)}\n`);
}

/** Commits as the active controller makes them. */
async function commits(etcd: RunningEtcd): Promise<void> {
  const { client, log, term } = await beginTerm(etcd, 'commits');
  const timesMs: number[] = [];
  for (let i = 0; i < COMMITS; i++) {
    const place = { baseOffset: term.nextOffset, leaderEpoch: term.epoch, timestamp: systemClock.now() };
    const [name, value] = ['retention.ms', String(i)];
    const bytes = encodeMetadataBatch(
      [{ type: 'ConfigRecord', resourceType: 2, resourceName: 't', name, value }],
      place,
    );
    const beganMs = performance.now();
    await log.append(term, [{ count: 1, bytes }]);
    timesMs.push(performance.now() - beganMs);
  }
  client.close();
  timesMs.sort((a, b) => a - b);
  const at = (share: number): string => `${timesMs[Math.floor(share * timesMs.length)].toFixed(2)} ms`;
  say(`${COMMITS} commits: p50 ${at(0.5)}, p99 ${at(0.99)}`);
}

/** By how many bytes a commit has: what it takes, what it takes to read it, and how much etcd's file has grown for each byte. */
async function sizes(etcd: RunningEtcd): Promise<void> {
  const { client, log, term } = await beginTerm(etcd, 'sizes');
  for (const size of SIZES) {
    const value = 'x'.repeat(Math.min(size, MOST_VALUE_BYTES));
    const record = { type: 'ConfigRecord', resourceType: 2, resourceName: 't', name: 'retention.ms', value } as const;
    const records = Array.from({ length: Math.ceil(size / MOST_VALUE_BYTES) }, () => record);
    const place = { leaderEpoch: term.epoch, timestamp: 0 };
    const [writtenMs, readMs]: [number[], number[]] = [[], []];
    const before = await databaseBytes(client);
    for (let i = 0; i < SIZED_COMMITS; i++) {
      const offset = term.nextOffset;
      const bytes = encodeMetadataBatch(records, { ...place, baseOffset: offset });
      const beganMs = performance.now();
      await log.append(term, [{ count: records.length, bytes }]);
      const doneMs = performance.now();
      writtenMs.push(doneMs - beganMs);
      await log.read(offset);
      readMs.push(performance.now() - doneMs);
    }
    const grown = ((await databaseBytes(client)) - before) / (SIZED_COMMITS * size);
    const median = (all: number[]): string => all.sort((a, b) => a - b)[SIZED_COMMITS >> 1].toFixed(1);
    say(
      `${size} bytes: written in ${median(writtenMs)} ms, read in ${median(readMs)} ms, ${grown.toFixed(2)} times as much in etcd`,
    );
  }
  client.close();
}

async function databaseBytes(client: EtcdClient): Promise<number> {
  return (await client.status()).dbSizeBytes;
}

/** Of three brokers, each of which leads 10,000 partitions with three replicas, one is fenced. */
async function lost(etcd: RunningEtcd): Promise<void> {
  const { client, controller } = await beginController(etcd, CLUSTER_ID);
  const epochs: number[] = [];
  for (const id of [1, 2, 3]) {
    const { brokerEpoch } = await controller.registerBroker(registrationOf(id, CLUSTER_ID), () => false);
    await controller.changeBroker(id, brokerEpoch, 'unfence');
    epochs.push(brokerEpoch);
  }
  for (let i = 0; i < 30; i++) {
    const topic = { name: `t-${i}`, numPartitions: 1000, replicationFactor: 3, assignments: [], configs: [] };
    await controller.createTopics([topic], { validateOnly: false });
  }
  const led = [...controller.image.topicsById.values()].flatMap(({ partitions }) => partitions);
  const beganMs = performance.now();
  await controller.changeBroker(1, epochs[0], 'fence');
  const tookMs = Math.round(performance.now() - beganMs);
  say(`${led.filter(({ leader }) => leader === 1).length} partitions of a lost broker: ${tookMs} ms`);
  await controller.close();
  client.close();
}

async function topics(cluster: OttlaProcesses): Promise<void> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => cluster.connect(1)));
  const beganMs = performance.now();
  const endMs = beganMs + SECONDS * 1000;
  let [begunTopics, made] = [0, 0];
  const run = async (client: Client): Promise<void> => {
    while (performance.now() < endMs) {
      const topic = {
        name: `topic-${begunTopics++}`,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      };
      const answer = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false });
      if (answer.topics[0].errorCode !== 0) throw new Error(answer.topics[0].errorMessage ?? 'refused');
      made++;
    }
  };
  await Promise.all(clients.map(run));
  const seconds = (performance.now() - beganMs) / 1000;
  say(`topics made by ${CLIENTS} clients: ${Math.round(made / seconds)} a second`);
  await Promise.all(clients.map((client) => client.close()));
}

const directory = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'ottla-metadata-'));
const wants = (part: string): boolean => words.length === 0 || words.includes(part);
for (const { version, path } of etcds((line) => void process.stderr.write(`etcd: ${line}\n`))) {
  const etcd = await startEtcd({ program: path, directory: join(directory, version) });
  const cluster = new OttlaProcesses(etcd.endpoints, directory, version);
  process.stdout.write(`etcd ${version}\n`);
  try {
    if (wants('commits')) await commits(etcd);
    if (wants('sizes')) await sizes(etcd);
    if (wants('lost')) await lost(etcd);
    if (wants('topics')) await cluster.startAll(1).then(() => topics(cluster));
  } finally {
    await cluster.stopAll();
    await etcd.stop();
  }
}
rmSync(directory, { recursive: true, force: true });
