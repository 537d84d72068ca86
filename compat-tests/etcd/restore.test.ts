/** A backup of etcd, restored as docs/cluster.md says: the brokers have more than it knows of. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { ElectLeaders } from '../../protocol/apis/43-elect-leaders.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startEtcd } from '../../scripts/etcd/cluster.ts';
import { etcdctl, etcds } from '../../scripts/etcd/install.ts';
import { consume } from '../../test/running-broker.ts';
import { OttlaProcesses } from './processes.ts';

const [debian] = etcds();
const directory = mkdtempSync(join(tmpdir(), 'ottla-restore-'));
const NODES = [1, 2, 3];
const LEADERS = 8;
const POLLED = { timeout: 60_000, interval: 100 };
const SETTINGS = { 'min.insync.replicas': '2', 'auto.leader.rebalance.enable': 'false' };

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function create(cluster: OttlaProcesses, name: string): Promise<void> {
  const client = await cluster.connect(1);
  const topic = { name, numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] };
  const { topics } = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 5000, validateOnly: false });
  expect(topics[0].errorCode).toBe(0);
  await client.close();
}

async function stateOf(cluster: OttlaProcesses, name: string) {
  const client = await cluster.connect(1);
  const { topics } = await client.send(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
  await client.close();
  const [partition] = topics[0].partitions;
  return { leader: partition?.leaderId ?? -1, inSync: partition?.isrNodes.length ?? 0 };
}

/** Has a broker lead by a preferred election. */
async function lead(cluster: OttlaProcesses, name: string, leader: number): Promise<void> {
  await cluster.reassign(1, name, 0, [leader, ...NODES.filter((node) => node !== leader)]);
  const client = await cluster.connect(1);
  const elect = () => client.send(ElectLeaders, 2, { electionType: 0, topicPartitions: null, timeoutMs: 5000 });
  const isLed = async (): Promise<boolean> => {
    await elect();
    return (await stateOf(cluster, name)).leader === leader;
  };
  await expect.poll(isLed, POLLED).toBe(true);
  await client.close();
}

/** With acks=all, to whoever leads. */
async function produce(cluster: OttlaProcesses, topic: string, value: string): Promise<void> {
  const { leader } = await stateOf(cluster, topic);
  const client = await cluster.connect(leader);
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1000 }] });
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const { responses } = await client.send(Produce, 9, { acks: -1, timeoutMs: 5000, topicData });
  await client.close();
  expect(responses[0].partitionResponses[0].errorCode).toBe(0);
}

test.skipIf(debian === undefined)(
  'what brokers have is there again, and so is what the backup has of the cluster',
  async () => {
    const tool = (...args: string[]) =>
      void execFileSync(etcdctl(), args, { env: { ...process.env, ETCDCTL_API: '3' }, stdio: 'pipe' });
    const backup = join(directory, 'ottla.db');
    const first = await startEtcd({ program: debian.path, directory: join(directory, 'first') });
    const before = new OttlaProcesses(first.endpoints, directory, 'restored', SETTINGS);
    await before.startAll(...NODES);
    await expect.poll(() => before.unfenced(), POLLED).toHaveLength(3);
    await create(before, 'orders');
    await produce(before, 'orders', 'before the backup');
    tool('--endpoints', first.endpoints[0], 'snapshot', 'save', backup);

    // Leaders change, and records come, which the backup does not know of.
    for (let turn = 0; turn < LEADERS; turn++) {
      const leader = NODES[turn % NODES.length];
      await lead(before, 'orders', leader);
      await produce(before, 'orders', `after the backup, by ${leader}`);
    }
    await create(before, 'later');
    await produce(before, 'orders', 'the last');
    for (const node of NODES.toReversed()) await before.stop(node);
    await first.stop();

    const restored = join(directory, 'second');
    tool(
      'snapshot',
      'restore',
      backup,
      '--name',
      'etcd-0',
      '--data-dir',
      join(restored, 'etcd-0'),
      '--initial-cluster',
      'etcd-0=http://127.0.0.1:2380',
      '--initial-advertise-peer-urls',
      'http://127.0.0.1:2380',
    );
    const second = await startEtcd({ program: debian.path, directory: restored });
    const after = new OttlaProcesses(second.endpoints, directory, 'restored', SETTINGS);
    for (const node of NODES) rmSync(join(after.directoryOf(node), '__cluster_metadata-0'), { recursive: true });
    try {
      await after.startAll(...NODES);
      await expect.poll(() => stateOf(after, 'orders'), POLLED).toMatchObject({ inSync: 3 });
      await produce(after, 'orders', 'after the restore');
      const { leader } = await stateOf(after, 'orders');
      const client = await after.connect(leader);
      const values = await consume(client, 'orders', 0);
      await client.close();
      expect([values[0], values.at(-2), values.at(-1)]).toEqual(['before the backup', 'the last', 'after the restore']);
      await expect.poll(() => stateOf(after, 'orders'), POLLED).toMatchObject({ inSync: 3 });
      const strays = NODES.flatMap((node) =>
        readdirSync(after.directoryOf(node)).filter((name) => name.startsWith('later-')),
      );
      expect(strays.every((name) => name.endsWith('-stray'))).toBe(true);
      expect(strays).toHaveLength(3);
    } finally {
      for (const node of NODES) process.stderr.write(after.running.get(node)?.log() ?? '');
      await after.stopAll();
      await second.stop();
    }
  },
  300_000,
);
