/** `npm run test:etcd`: consumers of one group on real processes, whose coordinator is killed again and again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { OttlaProcesses } from './processes.ts';
import { createReplicated, stateOf } from './replicas.ts';

const [found] = etcds();
const directory = mkdtempSync(join(tmpdir(), 'ottla-coordinators-'));
const ROUNDS = Number(process.env['COORDINATOR_ROUNDS'] ?? 3);
const POLLED = { timeout: 60_000, interval: 50 };
const NODES = [1, 2, 3];
const TOPIC = 'read';
const GROUP = 'readers';
const RETRY = { initialRetryTime: 50, maxRetryTime: 500, retries: 60 };
/** kafkajs commits to the coordinator it knew, which is not among the brokers any more, until it gives up and joins anew. */
const FEW = { initialRetryTime: 50, maxRetryTime: 300, retries: 5 };
const SETTINGS = {
  'offsets.topic.num.partitions': '3',
  'min.insync.replicas': '2',
  'group.initial.rebalance.delay.ms': '0',
};

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(found === undefined)('a group on three processes', () => {
  let etcd: RunningEtcd;
  let cluster: OttlaProcesses;

  beforeAll(async () => {
    etcd = await startEtcd({ program: found.path, directory: join(directory, 'etcd') });
    cluster = new OttlaProcesses(etcd.endpoints, directory, 'coordinators', SETTINGS);
    await cluster.startAll(...NODES);
  });
  afterAll(async () => {
    await cluster?.stopAll();
    await etcd?.stop();
  });

  /** As any broker says that runs. */
  async function coordinator(): Promise<number> {
    for (const nodeId of cluster.running.keys()) {
      const client = await cluster.connect(nodeId).catch(() => null);
      const answer = client?.send(FindCoordinator, 4, { keyType: 0, coordinatorKeys: [GROUP] });
      const coordinators = await answer?.then((told) => told.coordinators).catch(() => undefined);
      void client?.close();
      if (coordinators?.[0].errorCode === 0) return coordinators[0].nodeId;
    }
    return -1;
  }

  test(`goes on when its coordinator is killed, ${ROUNDS} times, and no commit is lost`, async () => {
    await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(NODES.length);
    await createReplicated(cluster, TOPIC);
    const brokers = NODES.map((nodeId) => `127.0.0.1:${cluster.running.get(nodeId)!.port}`);
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, connectionTimeout: 500, retry: RETRY });
    const read = new Set<string>();
    const committed: number[] = [];
    const consumer = kafka.consumer({ groupId: GROUP, sessionTimeout: 6000, heartbeatInterval: 500, retry: FEW });
    await consumer.connect();
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { offset, value } }) => {
        read.add(String(value));
        await consumer.commitOffsets([{ topic: TOPIC, partition, offset: String(Number(offset) + 1) }]);
        committed.push(Number(offset) + 1); // acknowledged
      },
    });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: RETRY });
    await producer.connect();
    let produced = 0;
    const produce = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++)
        await producer.send({ topic: TOPIC, acks: -1, messages: [{ value: `value ${produced++}` }] });
    };
    const moves: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await produce(10);
      await expect.poll(() => read.size, POLLED).toBe(produced);
      const killed = await coordinator();
      cluster.signal(killed, 'SIGKILL');
      const beganMs = performance.now();
      await expect
        .poll(async () => ![-1, killed].includes(await coordinator()), { ...POLLED, interval: 10 })
        .toBe(true);
      moves.push(performance.now() - beganMs);
      await produce(10);
      await expect.poll(() => read.size, POLLED).toBe(produced);
      const told = committed.at(-1) ?? 0;
      const { admin, close } = await openAdmin(kafka);
      const [topic] = await admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC] });
      await close();
      expect(Number(topic.partitions[0].offset)).toBeGreaterThanOrEqual(told);
      await (
        await cluster.start(killed)
      ).ready;
      await expect
        .poll(async () => (await stateOf(cluster, '__consumer_offsets'))?.isr.length, POLLED)
        .toBe(NODES.length);
    }
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
    process.stdout.write(
      `${produced} values read, ${committed.length} commits, ${ROUNDS} coordinators killed; ` +
        `others knew the next one after ${moves.map(Math.round).join(', ')} ms\n`,
    );
    expect(committed.length).toBeGreaterThanOrEqual(produced);
  }, 240_000);
});

async function openAdmin(kafka: Kafka) {
  const admin = kafka.admin({ retry: RETRY });
  await admin.connect();
  return { admin, close: () => admin.disconnect() };
}
