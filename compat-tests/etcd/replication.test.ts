/** `npm run test:etcd`: replicated partitions on real processes, whose leaders are killed while records are acknowledged. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { OttlaProcesses } from './processes.ts';
import { createReplicated, Producer, rawLog, stateOf, valuesIn } from './replicas.ts';

const [found] = etcds();
const directory = mkdtempSync(join(tmpdir(), 'ottla-replication-'));
const ROUNDS = Number(process.env['REPLICATION_ROUNDS'] ?? 3);
const PRODUCERS = 4;
const POLLED = { timeout: 60_000, interval: 50 };

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(found === undefined)('three replicas on three processes', () => {
  let etcd: RunningEtcd;
  let cluster: OttlaProcesses;

  beforeAll(async () => {
    etcd = await startEtcd({ program: found.path, directory: join(directory, 'etcd'), members: 3 });
    cluster = new OttlaProcesses(etcd.endpoints, directory, 'replication');
    await cluster.startAll(1, 2, 3);
  });
  afterAll(async () => {
    await cluster?.stopAll();
    await etcd?.stop();
  });

  const inSync = async (topic: string) => (await stateOf(cluster, topic))?.isr.length ?? 0;

  test(`lose nothing that was acknowledged when their leader is killed, ${ROUNDS} times`, async () => {
    await expect.poll(async () => (await cluster.unfenced()).length, POLLED).toBe(3);
    await createReplicated(cluster, 'killed');
    await expect.poll(() => inSync('killed'), POLLED).toBe(3);
    const producers = Array.from({ length: PRODUCERS }, (_, i) => new Producer(cluster, 'killed', `producer ${i}`));
    const gaps: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await wait(1000);
      for (const producer of producers) producer.longestGapMs = 0;
      const { leader } = (await stateOf(cluster, 'killed'))!;
      cluster.signal(leader, 'SIGKILL');
      if (round % 2 === 1) await cluster.start(leader);
      await expect.poll(async () => (await stateOf(cluster, 'killed'))?.leader ?? -1, POLLED).toBeGreaterThan(0);
      await wait(3000);
      if (round % 2 === 0) await cluster.start(leader);
      await expect.poll(() => inSync('killed'), POLLED).toBe(3);
      gaps.push(Math.max(...producers.map(({ longestGapMs }) => longestGapMs)));
    }
    await Promise.all(producers.map((producer) => producer.end()));
    const acknowledged = producers.flatMap((producer) => producer.acknowledged);
    await wait(1000); // followers have all by then
    const logs = [1, 2, 3].map((nodeId) => rawLog(cluster, nodeId, 'killed'));
    process.stdout.write(
      `${acknowledged.length} acknowledged, ${ROUNDS} leaders killed, longest gaps ${gaps.map(Math.round).join(' ')} ms\n`,
    );
    for (const log of logs) {
      const values = valuesIn(log);
      expect(acknowledged.filter(({ offset, value }) => values.get(offset) !== value)).toEqual([]);
    }
    expect(logs.map((log) => log.equals(logs[0]))).toEqual([true, true, true]);
  });
});
