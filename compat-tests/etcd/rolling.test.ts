/** `npm run test:etcd`: every process of a cluster is stopped and started again, one after the other, while clients work. */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { OttlaProcesses } from './processes.ts';
import { createReplicated, Producer, rawLog, stateOf, valuesIn } from './replicas.ts';

const [found] = etcds();
const directory = mkdtempSync(join(tmpdir(), 'ottla-rolling-'));
const NODES = [1, 2, 3] as const;
const ROUNDS = Number(process.env['ROLLING_ROUNDS'] ?? 1);
/** Between two acknowledgements; a machine with other work may need more. */
const MOST_MS = Number(process.env['ROLLING_GAP_MS'] ?? 1000);
const SETTINGS = { 'offsets.topic.num.partitions': '3', 'default.replication.factor': '3' };
const POLLED = { timeout: 60_000, interval: 50 };

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(found === undefined)('a rolling restart', () => {
  let etcd: RunningEtcd;
  let cluster: OttlaProcesses;

  beforeAll(async () => {
    etcd = await startEtcd({ program: found.path, directory: join(directory, 'etcd') });
    cluster = new OttlaProcesses(etcd.endpoints, directory, 'rolling', SETTINGS);
    await cluster.startAll(...NODES);
  });
  afterAll(async () => {
    await cluster?.stopAll();
    await etcd?.stop();
  });

  const brokers = (): string[] => NODES.map((nodeId) => `127.0.0.1:${cluster.portOf(nodeId)}`);

  /** Stops and starts each in turn; answers the longest gap while each was away. */
  async function roll(producers: readonly Producer[], topic: string): Promise<number[]> {
    const gaps: number[] = [];
    for (const nodeId of NODES) {
      for (const producer of producers) producer.longestGapMs = 0;
      expect(await cluster.stop(nodeId)).toBe(0);
      await wait(300);
      await (
        await cluster.start(nodeId)
      ).ready;
      await expect.poll(async () => (await stateOf(cluster, topic))?.isr.length, POLLED).toBe(3);
      gaps.push(Math.round(Math.max(...producers.map(({ longestGapMs }) => longestGapMs))));
    }
    return gaps;
  }

  test(`of all brokers, ${ROUNDS} times, stops no producer for long, loses nothing, and no client is told of an error`, async () => {
    await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(3);
    await createReplicated(cluster, 'rolled');
    await expect.poll(async () => (await stateOf(cluster, 'rolled'))?.isr.length, POLLED).toBe(3);
    const client = new Kafka({ brokers: brokers(), logLevel: logLevel.NOTHING });
    const sending = client.producer({ idempotent: true });
    const consumer = client.consumer({ groupId: 'followers' });
    await Promise.all([sending.connect(), consumer.connect()]);
    await consumer.subscribe({ topic: 'rolled', fromBeginning: true });
    const seen = new Set<string>();
    await consumer.run({ eachMessage: async ({ message }) => void seen.add(message.value!.toString()) });

    const producers = Array.from({ length: 3 }, (_, i) => new Producer(cluster, 'rolled', `producer ${i}`));
    const errors: unknown[] = [];
    const sent: string[] = [];
    const life = new AbortController();
    const sender = (async () => {
      for (let serial = 0; !life.signal.aborted; serial++) {
        const value = `kafkajs ${serial}`;
        await sending.send({ topic: 'rolled', acks: -1, messages: [{ value }] }).then(
          () => sent.push(value),
          (error: unknown) => errors.push(error),
        );
        await wait(10);
      }
    })();
    const gaps: number[] = [];
    for (let round = 0; round < ROUNDS; round++) gaps.push(...(await roll(producers, 'rolled')));
    life.abort();
    await Promise.all([sender, ...producers.map((producer) => producer.end())]);
    const acknowledged = producers.flatMap((producer) => producer.acknowledged);
    await expect.poll(() => sent.every((value) => seen.has(value)), POLLED).toBe(true);
    await Promise.all([sending.disconnect(), consumer.disconnect()]);
    process.stdout.write(
      `${acknowledged.length} and ${sent.length} by kafkajs acknowledged, longest gaps ${gaps.join(' ')} ms, ` +
        `load ${loadavg()[0].toFixed(1)}\n`,
    );
    const logs = NODES.map((nodeId) => rawLog(cluster, nodeId, 'rolled'));
    const values = valuesIn(logs[0]);
    expect(acknowledged.filter(({ offset, value }) => values.get(offset) !== value)).toEqual([]);
    const copies = [...values.values()].filter((value) => value.startsWith('kafkajs'));
    expect(copies.filter((value, at) => copies.indexOf(value) !== at)).toEqual([]);
    expect(logs.map((log) => log.equals(logs[0]))).toEqual([true, true, true]);
    expect(errors).toEqual([]);
    expect(Math.max(...gaps)).toBeLessThan(MOST_MS);
  });
});
